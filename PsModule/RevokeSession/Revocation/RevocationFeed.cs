using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>
/// Carries users into one native run, hundreds a call, and its reports out again.
/// </summary>
internal sealed class RevocationFeed : IDisposable
{
    /// <summary>Users that cross the boundary in one call.</summary>
    public const int Capacity = 200;

    private const uint LargestReport = 256;

    // Input has paused when two looks in a row find nothing new and its thread waiting for something. A thread
    // that is not waiting is at work, or was not let to: it gets more time before a batch leaves half empty.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(3);
    private const int LooksUntilPaused = 2;
    private const int LooksAtMost = 16;

    private readonly object gate = new();
    private readonly ConnectionHold hold;
    private readonly RevocationRun run;
    private readonly Func<RunReport, CancellationToken, ValueTask> deliver;
    private readonly CancellationTokenSource abort = new();
    private readonly Thread pipeline = Thread.CurrentThread;
    private readonly Timer watch;

    private List<UserInput> buffer = new(Capacity);
    private Task submitted = Task.CompletedTask;
    private int looks;
    private bool watching;
    private bool busy = true;
    private bool stopped;
    private bool disposed;

    /// <summary>Starts a run. Called on the thread that the users come from.</summary>
    /// <param name="connection">The connection it uses.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="deliver">Takes each report; the run waits until it has.</param>
    public RevocationFeed(GraphConnection connection, RunOptions options, Func<RunReport, CancellationToken, ValueTask> deliver)
    {
        this.deliver = deliver;
        hold = connection.Hold();
        try
        {
            run = connection.StartRun(options);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
        watch = new Timer(_ => LookForPause(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Ended = Task.Run(ReceiveAsync);
    }

    /// <summary>Ends with the run: after its last report, or when it faults.</summary>
    public Task Ended { get; }

    /// <summary>Whether the pipeline is at work on input, so that a gap is no pause.</summary>
    public bool Busy
    {
        get => Volatile.Read(ref busy);
        set => Volatile.Write(ref busy, value);
    }

    /// <summary>Buffers a user.</summary>
    /// <returns>Whether the buffer is full, so that it is time for <see cref="SubmitAsync"/>.</returns>
    public bool Add(UserInput input)
    {
        lock (gate)
        {
            buffer.Add(input);
            looks = 0;
            if (!watching)
            {
                watching = true;
                watch.Change(Look, Look);
            }
            return buffer.Count >= Capacity;
        }
    }

    /// <summary>Hands over what is buffered; ends when the run has taken it.</summary>
    public Task SubmitAsync()
    {
        lock (gate)
        {
            return Submit(thenFlush: false);
        }
    }

    /// <summary>Hands over the rest and says that nothing follows.</summary>
    public async Task CompleteAsync()
    {
        try
        {
            await SubmitAsync().ConfigureAwait(false);
        }
        finally
        {
            CompleteInput();
        }
    }

    /// <summary>Stops the run at once. Nothing is reported any more.</summary>
    public void Stop()
    {
        lock (gate)
        {
            if (stopped)
            {
                return;
            }
            stopped = true;
        }
        WithRun(run.Cancel);
        abort.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        watch.Dispose();
        // What is in flight ends by itself; the pipeline does not wait for it.
        _ = Task.Run(ReleaseAsync);
    }

    private async Task ReleaseAsync()
    {
        try
        {
            await Task.WhenAll(Ended, submitted).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It has been told already, or nobody waits for it any more.
        }
        lock (gate)
        {
            disposed = true;
            run.Dispose();
        }
        hold.Dispose();
        abort.Dispose();
    }

    private async Task ReceiveAsync()
    {
        bool finished = false;
        while (!finished)
        {
            RunReport report;
            using (WireOfRunReport wire = await run.Next(LargestReport, abort.Token).ConfigureAwait(false))
            {
                report = wire.Unwire();
            }
            await deliver(report, abort.Token).ConfigureAwait(false);
            finished = report.finished;
        }
    }

    private void CompleteInput()
    {
        try
        {
            WithRun(run.CompleteInput);
        }
        catch (InteropException)
        {
            // A run that cannot be told so would never end.
            Stop();
            throw;
        }
    }

    private void LookForPause()
    {
        lock (gate)
        {
            if (!stopped && !Busy && buffer.Count > 0 && HasPaused(++looks))
            {
                // A fault of it shows at the next submission.
                _ = Submit(thenFlush: true);
            }
        }
    }

    private bool HasPaused(int lookedInVain) => lookedInVain >= LooksAtMost
        || (lookedInVain >= LooksUntilPaused && pipeline.ThreadState.HasFlag(ThreadState.WaitSleepJoin));

    /// <summary>Sends the buffer after everything that was sent before it. The gate is held.</summary>
    private Task Submit(bool thenFlush)
    {
        if (stopped)
        {
            return Task.FromCanceled(new CancellationToken(canceled: true));
        }
        if (watching)
        {
            watching = false;
            watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        if (buffer.Count > 0)
        {
            List<UserInput> users = buffer;
            buffer = new(Capacity);
            looks = 0;
            submitted = SubmitAfterAsync(submitted, users, thenFlush);
        }
        return submitted;
    }

    private async Task SubmitAfterAsync(Task previous, List<UserInput> users, bool thenFlush)
    {
        await previous.ConfigureAwait(false);
        await run.Submit(WireOfVecUserInput.From(users), abort.Token).ConfigureAwait(false);
        if (thenFlush)
        {
            await run.Flush(abort.Token).ConfigureAwait(false);
        }
    }

    private void WithRun(Action call)
    {
        lock (gate)
        {
            if (!disposed)
            {
                call();
            }
        }
    }
}
