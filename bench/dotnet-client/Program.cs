using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Tasks;

namespace RevokeSession.Bench;

/// <summary>
/// Takes <c>--users FILE --take N --rounds N --warmup N --inflight N</c>, revokes, and prints what it took as one
/// line of JSON.
/// </summary>
internal static class Program
{
    private const int DefaultInFlight = 8;

    private static async Task Main(string[] arguments)
    {
        Dictionary<string, string> given = arguments.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
        string users = given["--users"];
        int take = Number(given, "--take", 0);
        int warmUp = Number(given, "--warmup", 0);

        using BatchClient client = await BatchClient.ConnectAsync(
            new Uri(Told("BENCH_GRAPH")), Told("BENCH_CONTROL"), Number(given, "--inflight", DefaultInFlight));
        if (warmUp > 0)
        {
            await client.RevokeAsync(users, warmUp);
        }
        List<Round> rounds = [];
        for (int round = 0; round < Number(given, "--rounds", 1); round++)
        {
            rounds.Add(await client.RevokeAsync(users, take));
        }

        using Process self = Process.GetCurrentProcess();
        Report report = new(rounds, self.PeakWorkingSet64 / 1024, RuntimeInformation.FrameworkDescription);
        Console.WriteLine(JsonSerializer.Serialize(report, Messages.Default.Report));
    }

    private static int Number(Dictionary<string, string> given, string name, int fallback) =>
        given.TryGetValue(name, out string? value) ? int.Parse(value, CultureInfo.InvariantCulture) : fallback;

    private static string Told(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");
}
