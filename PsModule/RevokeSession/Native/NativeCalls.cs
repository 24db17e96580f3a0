using System;

namespace RevokeSession.Native;

/// <summary>The calls that need no session.</summary>
internal static class NativeCalls
{
    /// <summary>What the library makes of one input, without any request.</summary>
    public static Judgement Judge(UserInput input)
    {
        using ResultWireOfJudgementFfiError result = Interop.judge_user(WireOfUserInput.From(input));
        using WireOfJudgement judgement = result.AsOk();
        return judgement.Unwire();
    }

    /// <summary>The error of a cmdlet that needs a connection and has none.</summary>
    public static ErrorDetail NotConnected()
    {
        using ResultWireOfErrorDetailFfiError result = Interop.describe_not_connected();
        using WireOfErrorDetail detail = result.AsOk();
        return detail.Unwire();
    }

    /// <summary>Opens a journal for reading. Why that failed is told by its first page.</summary>
    public static JournalReading OpenJournal(string path, bool latest) =>
        JournalReading.Open(WireOfJournalReadRequest.From(new() { path = path, latest = latest }));

    /// <summary>More of a journal.</summary>
    public static JournalPage NextPage(JournalReading reading, uint max)
    {
        using WireOfJournalPage page = reading.Next(max);
        return page.Unwire();
    }

    /// <summary>Begins a report. Why that failed is told by its first step.</summary>
    public static JournalReport BeginReport(ReportRequest request) =>
        JournalReport.Begin(WireOfReportRequest.From(request));

    /// <summary>Goes on with a report for a moment.</summary>
    public static ReportStep Advance(JournalReport report)
    {
        using WireOfReportStep step = report.Advance();
        return step.Unwire();
    }
}
