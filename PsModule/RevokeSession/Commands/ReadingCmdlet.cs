using System;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession.Commands;

/// <summary>
/// A cmdlet that reads. It asks for more only when it has written what it got, so that a pipeline that has
/// seen enough causes no further request.
/// </summary>
public abstract class ReadingCmdlet : NativeCmdlet
{
    /// <summary>How much crosses the boundary in one call.</summary>
    private const uint LargestReport = 256;

    /// <summary>Reads to the end and writes everything.</summary>
    /// <param name="start">Begins to read on the connection.</param>
    /// <param name="inputs">What errors can be about, by its place.</param>
    private protected void WriteAll<T>(Func<GraphConnection, INativeReading<T>> start, object?[] inputs)
    {
        if (SessionTable.Current is not { } connection)
        {
            ErrorDetail notConnected = CallNative(NativeCalls.NotConnected);
            foreach (object? target in inputs.Length > 0 ? inputs : [null])
            {
                WriteError(ErrorRecords.From(notConnected, target));
            }
            return;
        }
        ConnectionHold hold = connection.Hold();
        INativeReading<T>? reading = null;
        Task call = Task.CompletedTask;
        try
        {
            reading = CallNative(() => start(connection));
            bool finished = false;
            while (!finished)
            {
                ReadReport<T> report = AwaitNative(stop =>
                {
                    Task<ReadReport<T>> next = reading.NextAsync(LargestReport, stop);
                    call = next;
                    return next;
                });
                Write(report, inputs);
                finished = report.Finished;
            }
        }
        finally
        {
            // A call that was stopped may not have ended yet, and holds on to what it reads from.
            _ = call.ContinueWith(
                _ =>
                {
                    reading?.Dispose();
                    hold.Dispose();
                },
                TaskScheduler.Default);
        }
    }

    private void Write<T>(ReadReport<T> report, object?[] inputs)
    {
        foreach (Notice notice in report.Notices)
        {
            if (notice.warning)
            {
                WriteWarning(notice.text);
            }
            else
            {
                WriteVerbose(notice.text);
            }
        }
        foreach (ReadEntry<T> entry in report.Entries)
        {
            if (entry.Error is { } error)
            {
                object? target = entry.About is { } place && place < inputs.Length ? inputs[place] : null;
                WriteError(ErrorRecords.From(error, target));
            }
            else
            {
                WriteObject(entry.Item);
            }
        }
    }
}
