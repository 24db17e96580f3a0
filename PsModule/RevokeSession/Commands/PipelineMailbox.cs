using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace RevokeSession.Commands;

/// <summary>What background work wants done on the pipeline thread, in order.</summary>
internal sealed class PipelineMailbox
{
    private const int ShortLength = 4;

    private readonly Channel<Action<AsyncCmdlet>> messages;
    private Task<bool>? arrival;

    private PipelineMailbox(Channel<Action<AsyncCmdlet>> messages) => this.messages = messages;

    /// <summary>A task that ends when there is something to take.</summary>
    public Task Arrival => arrival is { IsCompleted: false }
        ? arrival
        : arrival = messages.Reader.WaitToReadAsync(CancellationToken.None).AsTask();

    /// <summary>A box that is soon full, so that work which runs ahead of the pipeline waits for it.</summary>
    public static PipelineMailbox Short() => new(Channel.CreateBounded<Action<AsyncCmdlet>>(
        new BoundedChannelOptions(ShortLength) { SingleReader = true }));

    /// <summary>A box that is never full.</summary>
    public static PipelineMailbox Endless() => new(Channel.CreateUnbounded<Action<AsyncCmdlet>>());

    /// <summary>Leaves a message; waits while the box is full.</summary>
    public ValueTask PostAsync(Action<AsyncCmdlet> message, CancellationToken stop) => messages.Writer.WriteAsync(message, stop);

    /// <summary>Leaves a message in a box that is never full.</summary>
    public void Post(Action<AsyncCmdlet> message) => messages.Writer.TryWrite(message);

    /// <summary>Takes the next message, if there is one.</summary>
    public bool TryTake([NotNullWhen(true)] out Action<AsyncCmdlet>? message) => messages.Reader.TryRead(out message);
}
