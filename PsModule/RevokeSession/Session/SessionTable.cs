using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace RevokeSession;

/// <summary>The connection of each runspace, so that runspaces side by side can hold different tenants.</summary>
internal static class SessionTable
{
    private static readonly ConditionalWeakTable<Runspace, GraphConnection> Connections = new();

    /// <summary>The connection of the runspace that asks.</summary>
    public static GraphConnection? Current =>
        Runspace.DefaultRunspace is { } runspace && Connections.TryGetValue(runspace, out GraphConnection? connection)
            ? connection
            : null;

    /// <summary>Puts a connection in the place of the present one, which is closed; null is none.</summary>
    public static void Replace(GraphConnection? connection)
    {
        Runspace runspace = Runspace.DefaultRunspace;
        lock (Connections)
        {
            Connections.TryGetValue(runspace, out GraphConnection? previous);
            Connections.Remove(runspace);
            if (connection is not null)
            {
                Connections.Add(runspace, connection);
            }
            previous?.Dispose();
        }
    }
}
