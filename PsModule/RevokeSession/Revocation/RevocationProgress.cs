using System;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>The progress bar of a run: only for one that takes a while, and not more often than an eye can follow.</summary>
internal sealed class RevocationProgress(Action<ProgressRecord> write)
{
    private const int ActivityId = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly long started = Stopwatch.GetTimestamp();
    private TimeSpan next = Patience;
    private Progress latest;
    private bool shown;

    /// <summary>How many users there are in all; zero while more may come.</summary>
    public ulong Total { get; set; }

    /// <summary>Takes how far the run is, and shows it when it is time.</summary>
    public void Update(Progress progress)
    {
        latest = progress;
        Tick();
    }

    /// <summary>Shows how far the run is, when it is time.</summary>
    public void Tick()
    {
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        if (elapsed < next)
        {
            return;
        }
        next = elapsed + Pace;
        shown = true;
        write(Record(ProgressRecordType.Processing));
    }

    /// <summary>Takes the bar away.</summary>
    public void Complete()
    {
        if (shown)
        {
            shown = false;
            write(Record(ProgressRecordType.Completed));
        }
    }

    private ProgressRecord Record(ProgressRecordType type) => new(ActivityId, "Revoking sign-in sessions", Status())
    {
        RecordType = type,
        PercentComplete = Total == 0 ? -1 : (int)(Math.Min(latest.done, Total) * 100 / Total),
        SecondsRemaining = latest.remaining_seconds,
    };

    private string Status()
    {
        string done = Total == 0
            ? string.Create(CultureInfo.CurrentCulture, $"{latest.done:N0} users")
            : string.Create(CultureInfo.CurrentCulture, $"{latest.done:N0} of {Total:N0} users");
        return latest.per_second > 0
            ? string.Create(CultureInfo.CurrentCulture, $"{done}, {latest.per_second:N1}/s")
            : done;
    }
}
