using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace RevokeSession.Commands;

/// <summary>
/// What background work wants done on the pipeline thread, in order. It is short, so that work which
/// runs ahead of the pipeline waits for it.
/// </summary>
internal sealed class PipelineMailbox
{
    private const int Capacity = 4;

    private readonly Channel<Action> messages = Channel.CreateBounded<Action>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private Task<bool>? arrival;

    /// <summary>A task that ends when there is something to take.</summary>
    public Task Arrival => arrival is { IsCompleted: false }
        ? arrival
        : arrival = messages.Reader.WaitToReadAsync(CancellationToken.None).AsTask();

    /// <summary>Leaves a message; waits while the box is full.</summary>
    public ValueTask PostAsync(Action message, CancellationToken stop) => messages.Writer.WriteAsync(message, stop);

    /// <summary>Takes the next message, if there is one.</summary>
    public bool TryTake([NotNullWhen(true)] out Action? message) => messages.Reader.TryRead(out message);
}
