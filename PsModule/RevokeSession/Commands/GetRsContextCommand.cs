using System.Management.Automation;

namespace RevokeSession.Commands;

/// <summary>Tells who is signed in, and nothing when nobody is.</summary>
[Cmdlet(VerbsCommon.Get, "RsContext")]
[OutputType(typeof(RsContext))]
public sealed class GetRsContextCommand : NativeCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (SessionTable.Current is { } connection)
        {
            WriteObject(CallNative(connection.Describe));
        }
    }
}
