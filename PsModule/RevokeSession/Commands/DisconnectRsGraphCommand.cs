using System.Management.Automation;

namespace RevokeSession.Commands;

/// <summary>Signs out of this runspace's session, if there is one.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "RsGraph")]
[OutputType(typeof(void))]
public sealed class DisconnectRsGraphCommand : PSCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() => SessionTable.Replace(null);
}
