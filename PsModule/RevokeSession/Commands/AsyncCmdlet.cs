using System;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;

namespace RevokeSession.Commands;

/// <summary>
/// A cmdlet whose work is done in the background while the pipeline thread, the only one that may talk
/// to PowerShell, does what that work asks for. Ctrl+C ends the wait at once.
/// </summary>
public abstract class AsyncCmdlet : PSCmdlet, IDisposable
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource stop = new();
    private readonly PipelineMailbox mailbox = PipelineMailbox.Short();
    private PipelineMailbox? shared;

    /// <summary>Cancelled by Ctrl+C and whatever else stops the pipeline.</summary>
    protected CancellationToken StopToken => stop.Token;

    /// <summary>What is asked of any cmdlet of the runspace.</summary>
    private PipelineMailbox Shared => shared ??= RunspaceMailbox.Current;

    /// <summary>Releases what the cmdlet holds. PowerShell calls it however the pipeline ended.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the cmdlet holds.</summary>
    /// <param name="disposing">Whether this is not a finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            stop.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The cmdlet ended while it was being stopped.
        }
    }

    /// <summary>Asks for something on the pipeline thread, from any other.</summary>
    private protected ValueTask PostAsync(Action message, CancellationToken cancel) =>
        mailbox.PostAsync(_ => message(), cancel);

    /// <summary>Runs work in the background until it is done, and its messages on this thread meanwhile.</summary>
    private protected T Await<T>(Func<CancellationToken, Task<T>> work)
    {
        CancellationToken token = StopToken;
        Task<T> task = Task.Run(() => work(token), token);
        DrainUntil(task);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Does what has been asked for so far.</summary>
    private protected void Drain()
    {
        while (mailbox.TryTake(out Action<AsyncCmdlet>? message) || Shared.TryTake(out message))
        {
            message(this);
        }
    }

    /// <summary>Does what is asked for until a task has ended, well or not.</summary>
    private protected void DrainUntil(Task task)
    {
        Task[] awaited = new Task[3];
        awaited[0] = task;
        while (true)
        {
            // Asked before draining: what a task posted before it ended is then drained too.
            bool ended = task.IsCompleted;
            Drain();
            ThrowIfStopped();
            if (ended)
            {
                return;
            }
            awaited[1] = mailbox.Arrival;
            awaited[2] = Shared.Arrival;
            try
            {
                Task.WaitAny(awaited, (int)TickInterval.TotalMilliseconds, StopToken);
            }
            catch (OperationCanceledException)
            {
                throw new PipelineStoppedException();
            }
            OnTick();
        }
    }

    /// <summary>Called on the pipeline thread now and then while it waits.</summary>
    private protected virtual void OnTick()
    {
    }

    /// <summary>Ends the cmdlet where it was stopped.</summary>
    private protected void ThrowIfStopped()
    {
        if (stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }
}
