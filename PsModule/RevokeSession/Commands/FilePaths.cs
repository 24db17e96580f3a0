using System.Collections.ObjectModel;
using System.Management.Automation;

namespace RevokeSession.Commands;

/// <summary>The files that a path of PowerShell means.</summary>
internal static class FilePaths
{
    /// <summary>
    /// A path as it is where there is such a file, whatever characters it has; else those that match it. One that
    /// matches nothing stays as it is, so that what is missing is told by its name.
    /// </summary>
    public static Collection<string> ResolveFiles(this PSCmdlet cmdlet, string path)
    {
        string literal = cmdlet.GetUnresolvedProviderPathFromPSPath(path);
        if (!System.IO.File.Exists(literal) && WildcardPattern.ContainsWildcardCharacters(path))
        {
            Collection<string> matches = cmdlet.GetResolvedProviderPathFromPSPath(path, out _);
            if (matches.Count > 0)
            {
                return matches;
            }
        }
        return [literal];
    }
}
