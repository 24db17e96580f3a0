using System;
using System.Threading;

namespace RevokeSession;

/// <summary>Says that something is under way on a connection, until it is disposed.</summary>
internal sealed class ConnectionHold(GraphConnection connection) : IDisposable
{
    private GraphConnection? held = connection;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref held, null)?.LetGo();
}
