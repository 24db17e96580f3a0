using System.Management.Automation;

namespace RevokeSession.Commands;

/// <summary>Preferences as PowerShell itself takes them: the common parameter if given, else the variable.</summary>
internal static class Preferences
{
    private const string ConfirmPreference = "ConfirmPreference";

    /// <summary>Whether <c>ShouldProcess</c> will only say what it would do.</summary>
    public static bool IsWhatIf(this PSCmdlet cmdlet)
    {
        if (cmdlet.MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? given))
        {
            return LanguagePrimitives.IsTrue(given);
        }
        return LanguagePrimitives.TryConvertTo(cmdlet.GetVariableValue("WhatIfPreference"), out bool preferred) && preferred;
    }

    /// <summary>Whether anybody sees the verbose stream.</summary>
    public static bool IsVerbose(this PSCmdlet cmdlet)
    {
        if (cmdlet.MyInvocation.BoundParameters.TryGetValue("Verbose", out object? given))
        {
            return LanguagePrimitives.IsTrue(given);
        }
        return LanguagePrimitives.TryConvertTo(cmdlet.GetVariableValue("VerbosePreference"), out ActionPreference preferred)
            && preferred is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);
    }

    /// <summary>
    /// Asks PowerShell, where <paramref name="force"/> lowers the confirm preference and nothing else:
    /// -WhatIf wins, and so does a -Confirm that was given.
    /// </summary>
    /// <remarks>
    /// The preference can be changed by its variable only, as a function would do it. A cmdlet has no scope
    /// of its own, so the variable gets its value back at once.
    /// </remarks>
    public static bool IsApproved(this PSCmdlet cmdlet, string target, string action, bool force)
    {
        PSVariable? preference = force && !cmdlet.MyInvocation.BoundParameters.ContainsKey("Confirm")
            ? cmdlet.SessionState.PSVariable.Get(ConfirmPreference)
            : null;
        if (preference is null)
        {
            return cmdlet.ShouldProcess(target, action);
        }
        object before = preference.Value;
        try
        {
            preference.Value = ConfirmImpact.None;
        }
        catch (SessionStateUnauthorizedAccessException)
        {
            // Somebody made the variable read-only, and is asked.
            return cmdlet.ShouldProcess(target, action);
        }
        try
        {
            return cmdlet.ShouldProcess(target, action);
        }
        finally
        {
            preference.Value = before;
        }
    }
}
