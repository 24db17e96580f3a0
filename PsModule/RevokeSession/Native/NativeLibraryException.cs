using System;

namespace RevokeSession.Native;

/// <summary>The native library cannot be used; <see cref="Detail"/> says why and what to do.</summary>
internal sealed class NativeLibraryException(ErrorDetail detail, Exception? cause = null) : Exception(detail.message, cause)
{
    /// <summary>The error as PowerShell shows it.</summary>
    public ErrorDetail Detail { get; } = detail;
}
