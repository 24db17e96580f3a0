using System;
using System.Management.Automation;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>Wants something done by whichever cmdlet of the runspace is waiting, on the pipeline thread.</summary>
internal delegate void PipelinePost(Action<Cmdlet> message);

/// <summary>
/// Answers what the native library asks for. It reads questions only while it is open, so that a connection
/// which nobody uses is held by nothing.
/// </summary>
internal sealed class QuestionDesk(GraphConnection connection, ClientCertificate? certificate, MgGraphSession? lender, PipelinePost post)
    : IDisposable
{
    private CancellationTokenSource? closing;
    private Task reading = Task.CompletedTask;

    /// <summary>Begins to read questions.</summary>
    public void Open()
    {
        closing = new CancellationTokenSource();
        Task previous = reading;
        CancellationToken close = closing.Token;
        reading = Task.Run(() => ReadAsync(previous, close), CancellationToken.None);
    }

    /// <summary>Reads no more questions.</summary>
    public void Close()
    {
        closing?.Cancel();
        closing?.Dispose();
        closing = null;
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private async Task ReadAsync(Task previous, CancellationToken close)
    {
        // Two readers would take each other's questions.
        await previous.ConfigureAwait(false);
        try
        {
            while (connection.NextQuestion(close) is { } next)
            {
                HostQuestion question;
                using (WireOfHostQuestion wire = await next.ConfigureAwait(false))
                {
                    question = wire.Unwire();
                }
                Handle(question);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or InteropException)
        {
            // Closed; or the library failed inside, which shows in what asked.
        }
    }

    private void Handle(HostQuestion question)
    {
        if (question.kind.IsSign)
        {
            Answer(question.id, id => connection.Answer(id, Sign([.. question.data])));
        }
        else if (question.kind.IsLendToken)
        {
            Post(_ => Answer(question.id, Lend));
        }
        else
        {
            Post(cmdlet => Show(cmdlet, question.text));
        }
    }

    /// <summary>By the time somebody gets to it, what asked may have ended.</summary>
    private void Post(Action<Cmdlet> message) => post(cmdlet =>
    {
        if (connection.IsInUse)
        {
            message(cmdlet);
        }
    });

    private void Answer(ulong question, Action<ulong> answer)
    {
        try
        {
            answer(question);
        }
        catch (Exception error)
        {
            connection.Refuse(question, Encoding.UTF8.GetBytes(Phrase(error.Message)));
            if (error is PipelineStoppedException)
            {
                throw;
            }
        }
    }

    private byte[] Sign(byte[] data) =>
        (certificate ?? throw new InvalidOperationException("there is no certificate")).Sign(data);

    private void Lend(ulong question)
    {
        using SecretBytes token = (lender ?? throw new InvalidOperationException("there is no session to lend from")).Lend();
        connection.Answer(question, token.Utf8);
    }

    /// <summary>As Write-Host does it, so that it is seen whatever the preferences are.</summary>
    private static void Show(Cmdlet cmdlet, string text) =>
        cmdlet.WriteInformation(new HostInformationMessage { Message = text }, ["PSHOST"]);

    /// <summary>A sentence as it stands after "Signing in failed: ".</summary>
    private static string Phrase(string sentence)
    {
        string text = sentence.Trim().TrimEnd('.');
        int end = text.IndexOf(' ', StringComparison.Ordinal);
        bool isWord = end > 1 && char.IsAsciiLetterUpper(text[0]) && !text.AsSpan(1, end - 1).ContainsAnyExceptInRange('a', 'z');
        return isWord ? string.Concat(char.ToLowerInvariant(text[0]).ToString(), text.AsSpan(1)) : text;
    }
}
