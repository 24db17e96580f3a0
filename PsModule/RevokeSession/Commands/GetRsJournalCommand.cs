using System.Management.Automation;
using RevokeSession.Native;

namespace RevokeSession.Commands;

/// <summary>Reads journals back as objects, without changing them.</summary>
[Cmdlet(VerbsCommon.Get, "RsJournal")]
[OutputType(typeof(JournalEntry))]
public sealed class GetRsJournalCommand : NativeCmdlet
{
    private const uint LargestPage = 1024;

    /// <summary>The journals.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("JournalPath", "FullName", "PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Only the last word on each user.</summary>
    [Parameter]
    public SwitchParameter Latest { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in Path)
        {
            foreach (string path in this.ResolveFiles(given))
            {
                Read(path, given);
            }
        }
    }

    private void Read(string path, string given)
    {
        using JournalReading reading = CallNative(() => NativeCalls.OpenJournal(path, Latest));
        bool finished = false;
        while (!finished)
        {
            JournalPage page = CallNative(() => NativeCalls.NextPage(reading, LargestPage));
            finished = page.finished;
            Show(page, given);
            Drain();
            ThrowIfStopped();
        }
    }

    private void Show(JournalPage page, string given)
    {
        foreach (JournalLine line in page.entries)
        {
            WriteObject(RevocationResults.From(line, page.runs[(int)line.run]));
        }
        if (page.warning is { } warning)
        {
            WriteWarning(warning);
        }
        if (page.error is { } error)
        {
            WriteError(ErrorRecords.From(error, given));
        }
    }
}
