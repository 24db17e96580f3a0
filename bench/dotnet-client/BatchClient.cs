using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Threading;
using System.Threading.Tasks;

namespace RevokeSession.Bench;

/// <summary>
/// The client that a good .NET engineer writes in an afternoon: one <see cref="HttpClient"/>, batches of twenty,
/// several in flight. It has no retries and no pacing, which makes it as fast as it can be.
/// </summary>
internal sealed class BatchClient : IDisposable
{
    private const int MostSteps = 20;

    private static readonly EmptyBody NoBody = new();
    private static readonly Dictionary<string, string> JsonBody = new() { ["Content-Type"] = "application/json" };

    private readonly HttpClient http;
    private readonly int inFlight;

    private BatchClient(HttpClient http, int inFlight)
    {
        this.http = http;
        this.inFlight = inFlight;
    }

    /// <summary>Makes a client that has a token.</summary>
    public static async Task<BatchClient> ConnectAsync(Uri graph, string control, int inFlight)
    {
        HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = inFlight }) { BaseAddress = graph };
        using HttpResponseMessage response = await http.PostAsync(new Uri($"{control}/token"), null);
        response.EnsureSuccessStatusCode();
        TokenAnswer? token = await response.Content.ReadFromJsonAsync(Messages.Default.TokenAnswer);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token!.AccessToken);
        return new BatchClient(http, inFlight);
    }

    /// <summary>Revokes the first users of a file and tells what it took.</summary>
    public async Task<Round> RevokeAsync(string users, int take)
    {
        int revoked = 0;
        TimeSpan cpu = CpuTime();
        long begin = Stopwatch.GetTimestamp();
        IEnumerable<string[]> batches = File.ReadLines(users).Take(take).Chunk(MostSteps);
        ParallelOptions options = new() { MaxDegreeOfParallelism = inFlight };
        await Parallel.ForEachAsync(batches, options, async (batch, cancel) =>
            Interlocked.Add(ref revoked, await SendAsync(batch, cancel)));
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        return new Round(seconds, (CpuTime() - cpu).TotalSeconds, revoked, take - revoked);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<int> SendAsync(string[] users, CancellationToken cancel)
    {
        BatchRequest request = new([.. users.Select(ToStep)]);
        using HttpResponseMessage response =
            await http.PostAsJsonAsync("v1.0/$batch", request, Messages.Default.BatchRequest, cancel);
        response.EnsureSuccessStatusCode();
        BatchResponse? answer = await response.Content.ReadFromJsonAsync(Messages.Default.BatchResponse, cancel);
        return answer!.Responses.Count(step => step.Status is >= 200 and < 300 && step.Body is null or { Value: true });
    }

    private static Step ToStep(string user, int index) =>
        new(index.ToString(), "POST", $"/users/{user}/revokeSignInSessions", NoBody, JsonBody);

    private static TimeSpan CpuTime()
    {
        using Process self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }
}
