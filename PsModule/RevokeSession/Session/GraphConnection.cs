using System;
using System.Threading;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>
/// Owns one native sign-in and what signs for it. Both are released exactly once: when the connection is
/// disposed and nothing is under way on it any more.
/// </summary>
internal sealed class GraphConnection : IDisposable
{
    private readonly object gate = new();
    private readonly GraphSession native = GraphSession.Create();
    private readonly ClientCertificate? certificate;
    private readonly QuestionDesk desk;
    private int holds;
    private bool disposed;
    private bool released;

    /// <summary>Makes a connection that is not signed in yet.</summary>
    /// <param name="certificate">What signs for it; belongs to the connection from now on.</param>
    /// <param name="lender">What lends it a token.</param>
    /// <param name="post">Reaches the pipeline thread.</param>
    public GraphConnection(ClientCertificate? certificate = null, MgGraphSession? lender = null, PipelinePost? post = null)
    {
        this.certificate = certificate;
        desk = new QuestionDesk(this, certificate, lender, post ?? (_ => { }));
    }

    /// <summary>Releases what nobody disposed, when its runspace is gone.</summary>
    ~GraphConnection() => native?.Dispose();

    /// <summary>Whether anything is under way on it.</summary>
    public bool IsInUse
    {
        get
        {
            lock (gate)
            {
                return holds > 0;
            }
        }
    }

    /// <summary>Hands over the secret, which may be wiped afterwards.</summary>
    public void ProvideSecret(SecretBytes secret)
    {
        using SliceByteLease lease = secret.Utf8.Slice();
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            native.ProvideSecret(lease);
        }
    }

    /// <summary>Signs in.</summary>
    /// <returns>Why that failed, or null.</returns>
    public async Task<ErrorDetail?> ConnectAsync(ConnectRequest request, CancellationToken stop)
    {
        // Ctrl+C may come before the background gets here.
        using ConnectionHold hold = Hold();
        using WireOfConnectReply reply = await Use(session => session.Connect(WireOfConnectRequest.From(request), stop))
            .ConfigureAwait(false);
        return reply.Unwire().error;
    }

    /// <summary>Opens a journal for the next run, or begins one.</summary>
    /// <returns>Why that failed, or null.</returns>
    public async Task<ErrorDetail?> OpenJournalAsync(string path, CancellationToken stop)
    {
        using ConnectionHold hold = Hold();
        JournalRequest request = new() { path = path };
        using WireOfConnectReply reply = await Use(session => session.OpenJournal(WireOfJournalRequest.From(request), stop))
            .ConfigureAwait(false);
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

    /// <summary>What to warn of before the first revocation; told once.</summary>
    public string? Preflight()
    {
        using WireOfPreflight preflight = Use(session => session.Preflight());
        return preflight.Unwire().warning;
    }

    /// <summary>Starts a run. It needs a hold for as long as it lasts.</summary>
    public RevocationRun StartRun(RunOptions options) =>
        Use(session => RevocationRun.Start(session, WireOfRunOptions.From(options)));

    /// <summary>Prepares to read users.</summary>
    public INativeReading<UserSession> Read(UserRequest request) =>
        new UserSessions(Use(session => UserReading.Start(session, WireOfUserRequest.From(request))));

    /// <summary>Prepares to read the sign-in log.</summary>
    public INativeReading<SignIn> Read(SignInRequest request) =>
        new SignIns(Use(session => SignInReading.Start(session, WireOfSignInRequest.From(request))));

    /// <summary>Answers the library's questions, and keeps the connection whole even when it is disposed.</summary>
    public ConnectionHold Hold()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (++holds == 1)
            {
                desk.Open();
            }
            return new ConnectionHold(this);
        }
    }

    /// <summary>What a hold does at its end.</summary>
    internal void LetGo()
    {
        lock (gate)
        {
            if (--holds == 0)
            {
                desk.Close();
                Release();
            }
        }
    }

    /// <summary>Waits for the library's next question; null when nobody is to wait any more.</summary>
    internal Task<WireOfHostQuestion>? NextQuestion(CancellationToken close)
    {
        lock (gate)
        {
            return close.IsCancellationRequested || released ? null : native.NextQuestion(close);
        }
    }

    /// <summary>Answers a question.</summary>
    internal void Answer(ulong question, byte[] answer) => Reply(answer, lease => native.AnswerQuestion(question, lease));

    /// <summary>Says why a question has no answer.</summary>
    internal void Refuse(ulong question, byte[] reason) => Reply(reason, lease => native.RefuseQuestion(question, lease));

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            Release();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>The library must never be handed a session that is gone.</summary>
    private T Use<T>(Func<GraphSession, T> call)
    {
        lock (gate)
        {
            // A hold keeps what is under way, and lets nothing new begin.
            ObjectDisposedException.ThrowIf(disposed, this);
            return call(native);
        }
    }

    private void Reply(byte[] bytes, Action<SliceByteLease> call)
    {
        using SliceByteLease lease = bytes.Slice();
        lock (gate)
        {
            if (!released)
            {
                call(lease);
            }
        }
    }

    /// <summary>The gate is held.</summary>
    private void Release()
    {
        if (disposed && holds == 0 && !released)
        {
            released = true;
            desk.Dispose();
            certificate?.Dispose();
            native.Dispose();
        }
    }
}
