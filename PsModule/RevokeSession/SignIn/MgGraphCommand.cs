using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace RevokeSession;

/// <summary>
/// Runs a command of Microsoft.Graph.Authentication beneath the running cmdlet, without a trace of it for the
/// user: what it writes may hold the token.
/// </summary>
internal static class MgGraphCommand
{
    private const string Module = "Microsoft.Graph.Authentication";

    /// <summary>Runs it on the pipeline thread.</summary>
    /// <exception cref="SignInException">It is not there, or it failed.</exception>
    public static List<PSObject> Run(string name, params (string Name, object? Value)[] parameters)
    {
        using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand($"{Module}\\{name}");
        foreach ((string parameter, object? value) in parameters)
        {
            shell.AddParameter(parameter, value);
        }
        shell.AddParameter("ErrorAction", ActionPreference.Stop);
        Silence(shell);
        try
        {
            return [.. shell.Invoke().Where(answer => answer is not null && !IsFromAnotherStream(answer.BaseObject))];
        }
        catch (CommandNotFoundException error)
        {
            throw SignInErrors.MgGraphModuleMissing(error);
        }
        catch (RuntimeException error) when (error is not PipelineStoppedException)
        {
            throw SignInErrors.MgGraphSessionUnusable($"{name} failed: {error.Message}", error);
        }
    }

    private static void Silence(PowerShell shell)
    {
        foreach (string stream in new[] { "WarningAction", "InformationAction", "ProgressAction" })
        {
            shell.AddParameter(stream, ActionPreference.SilentlyContinue);
        }
        // Given as false, they win over the preferences of the user.
        shell.AddParameter("Verbose", false);
        shell.AddParameter("Debug", false);
        // What is written all the same goes to this side instead of the user's host.
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.All, PipelineResultTypes.Output);
    }

    private static bool IsFromAnotherStream(object answer) => answer is ErrorRecord or InformationalRecord or InformationRecord;
}
