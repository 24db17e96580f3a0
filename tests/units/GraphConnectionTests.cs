using System;
using System.Threading;
using System.Threading.Tasks;
using RevokeSession.Native;
using Xunit;

namespace RevokeSession.Tests;

[Collection(NativeFixture.Collection)]
public sealed class GraphConnectionTests
{
    // Port 9 is "discard": nobody listens there.
    private const string Nowhere = "http://127.0.0.1:9";

    [Fact]
    public async Task An_unreachable_authority_is_told()
    {
        using GraphConnection connection = new();
        Provide(connection);
        ErrorDetail? error = await connection.ConnectAsync(Request(Nowhere), CancellationToken.None);
        Assert.NotNull(error);
        Assert.NotEmpty(error.message);
        Assert.NotEmpty(error.recommended_action);
        Assert.DoesNotContain("s3cret", error.message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_http_to_another_machine_is_refused()
    {
        using GraphConnection connection = new();
        Provide(connection);
        ErrorDetail? error = await connection.ConnectAsync(Request("http://login.contoso.com"), CancellationToken.None);
        Assert.Equal("InvalidEndpoint", error?.id);
    }

    [Fact]
    public async Task A_disposed_connection_is_left_alone()
    {
        GraphConnection connection = new();
        connection.Dispose();
        connection.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => connection.ConnectAsync(Request(Nowhere), CancellationToken.None));
    }

    [Fact]
    public async Task Many_come_and_go()
    {
        for (int round = 0; round < 20; round++)
        {
            using GraphConnection connection = new();
            Provide(connection);
            using CancellationTokenSource cancel = new();
            Task<ErrorDetail?> connect = connection.ConnectAsync(Request(Nowhere), cancel.Token);
            await cancel.CancelAsync();
            try
            {
                await connect;
            }
            catch (TaskCanceledException)
            {
                // It was.
            }
        }
    }

    [Fact]
    public async Task A_hold_outlives_the_disposal()
    {
        GraphConnection connection = new();
        ConnectionHold hold = connection.Hold();
        connection.Dispose();
        Assert.True(connection.IsInUse);
        Assert.Throws<ObjectDisposedException>(connection.Hold);
        hold.Dispose();
        hold.Dispose();
        Assert.False(connection.IsInUse);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => connection.ConnectAsync(Request(Nowhere), CancellationToken.None));
    }

    [Fact]
    public async Task What_nobody_uses_is_held_by_nothing()
    {
        WeakReference forgotten = await UseAndForget();
        // Closing its desk takes a moment.
        for (int round = 0; forgotten.IsAlive && round < 100; round++)
        {
            await Task.Delay(20);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.False(forgotten.IsAlive);
    }

    private static async Task<WeakReference> UseAndForget()
    {
        GraphConnection connection = new();
        Provide(connection);
        await connection.ConnectAsync(Request(Nowhere), CancellationToken.None);
        return new WeakReference(connection);
    }

    private static void Provide(GraphConnection connection)
    {
        using SecretBytes secret = SecretBytes.From("s3cret");
        connection.ProvideSecret(secret);
    }

    private static ConnectRequest Request(string authority) => new()
    {
        credential = CredentialKind.ClientSecret,
        tenant_id = "contoso.onmicrosoft.com",
        client_id = "00000000-0000-0000-0000-0000000000c1",
        environment = "Global",
        graph_endpoint = Nowhere,
        authority_host = authority,
        certificate = null,
        federated_token_file = null,
        scopes = [],
        account = null,
        proxy = null,
        write_quota = null,
        variables = [],
    };
}
