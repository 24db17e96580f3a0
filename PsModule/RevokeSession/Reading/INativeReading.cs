using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>Something that the native library reads as it is asked for it.</summary>
/// <typeparam name="T">What is read.</typeparam>
internal interface INativeReading<T> : IDisposable
{
    /// <summary>Waits for news, or for the end.</summary>
    Task<ReadReport<T>> NextAsync(uint most, CancellationToken stop);
}

/// <summary>What was read since the last report.</summary>
internal readonly record struct ReadReport<T>(IReadOnlyList<ReadEntry<T>> Entries, List<Notice> Notices, bool Finished);

/// <summary>Something that was read; or why it was not, and the place of the input that this is about.</summary>
internal readonly record struct ReadEntry<T>(T? Item, ErrorDetail? Error, uint? About);
