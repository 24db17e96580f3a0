using System.IO;
using System.Management.Automation;
using RevokeSession.Native;

namespace RevokeSession.Commands;

/// <summary>Makes of a journal a page for the file of an incident.</summary>
[Cmdlet(VerbsData.Export, "RsReport", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportRsReportCommand : NativeCmdlet
{
    /// <summary>The journal.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Path", "FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string JournalPath { get; set; } = "";

    /// <summary>The page.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string OutputPath { get; set; } = "";

    /// <summary>The page's title.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Title { get; set; }

    /// <summary>Replaces a file that is there already.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Gives the file.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        ReportRequest request = new()
        {
            journal_path = GetUnresolvedProviderPathFromPSPath(JournalPath),
            output_path = GetUnresolvedProviderPathFromPSPath(OutputPath),
            title = Title,
            replace = Force,
        };
        if (ShouldProcess(request.output_path, $"Write the report of the journal '{request.journal_path}'")
            && Make(request) && PassThru)
        {
            WriteObject(new FileInfo(request.output_path));
        }
    }

    private bool Make(ReportRequest request)
    {
        using JournalReport report = CallNative(() => NativeCalls.BeginReport(request));
        ReportStep step;
        do
        {
            step = CallNative(() => NativeCalls.Advance(report));
            Drain();
            ThrowIfStopped();
        }
        while (!step.finished);
        if (step.warning is { } warning)
        {
            WriteWarning(warning);
        }
        if (step.error is { } error)
        {
            WriteError(ErrorRecords.From(error, JournalPath));
        }
        return step.error is null;
    }
}
