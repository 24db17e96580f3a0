using System;
using System.Collections.Generic;
using System.Linq;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>
/// Variables of this process as .NET knows them. On Unix the native library does not see what a session sets
/// by <c>$env:</c>.
/// </summary>
internal static class CallerVariables
{
    private static readonly string[] Proxies = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

    /// <summary>Those that a credential looks at, and no others.</summary>
    public static List<Variable> For(CredentialKind credential)
    {
        IEnumerable<string> names = Proxies;
        if (credential.IsManagedIdentity)
        {
            names = names.Append("AZURE_POD_IDENTITY_AUTHORITY_HOST");
        }
        if (credential.IsAzureCli)
        {
            names = names.Append("PATH");
        }
        return [.. from name in names
                   let content = Environment.GetEnvironmentVariable(name)
                   where content is not null
                   select new Variable { name = name, content = content }];
    }
}
