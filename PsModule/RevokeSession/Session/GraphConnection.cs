using System;
using System.Security;
using System.Threading;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>Owns one native sign-in and releases it exactly once.</summary>
internal sealed class GraphConnection : IDisposable
{
    private readonly object gate = new();
    private readonly GraphSession native = GraphSession.Create();
    private bool released;

    /// <summary>Releases what nobody disposed, when its runspace is gone.</summary>
    ~GraphConnection() => Release();

    /// <summary>Hands over the secret; this side's copy is wiped before this returns.</summary>
    public void ProvideSecret(SecureString secret)
    {
        using SecretBytes bytes = SecretBytes.From(secret);
        using SliceByteLease lease = bytes.Utf8.Slice();
        native.ProvideSecret(lease);
    }

    /// <summary>Signs in.</summary>
    /// <returns>Why that failed, or null.</returns>
    public async Task<ErrorDetail?> ConnectAsync(ConnectRequest request, CancellationToken stop)
    {
        Task<WireOfConnectReply> call;
        lock (gate)
        {
            // Ctrl+C may come before the background gets here.
            ObjectDisposedException.ThrowIf(released, this);
            call = native.Connect(WireOfConnectRequest.From(request), stop);
        }
        using WireOfConnectReply reply = await call.ConfigureAwait(false);
        return reply.Unwire().error;
    }

    /// <summary>Who is signed in.</summary>
    public RsContext Describe()
    {
        using WireOfSessionContext context = Use(session => session.Describe());
        return new RsContext(context.Unwire());
    }

    /// <summary>The signed-in user, as prompts and results name it.</summary>
    public Judgement JudgeMe()
    {
        using WireOfJudgement judgement = Use(session => session.JudgeMe());
        return judgement.Unwire();
    }

    /// <summary>Starts a run, which stays whole when this connection is disposed.</summary>
    public RevocationRun StartRun(RunOptions options) =>
        Use(session => RevocationRun.Start(session, WireOfRunOptions.From(options)));

    /// <summary>Prepares to read users.</summary>
    public INativeReading<UserSession> Read(UserRequest request) =>
        new UserSessions(Use(session => UserReading.Start(session, WireOfUserRequest.From(request))));

    /// <summary>Prepares to read the sign-in log.</summary>
    public INativeReading<SignIn> Read(SignInRequest request) =>
        new SignIns(Use(session => SignInReading.Start(session, WireOfSignInRequest.From(request))));

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>The library must never be handed a session that is gone.</summary>
    private T Use<T>(Func<GraphSession, T> call)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(released, this);
            return call(native);
        }
    }

    private void Release()
    {
        if (native is null)
        {
            return;
        }
        lock (gate)
        {
            if (!released)
            {
                released = true;
                native.Dispose();
            }
        }
    }
}
