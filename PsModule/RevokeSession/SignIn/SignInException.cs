using System;
using RevokeSession.Native;

namespace RevokeSession;

/// <summary>Signing in cannot even be tried; <see cref="Detail"/> says why and what to do.</summary>
internal sealed class SignInException(ErrorDetail detail, object? target, Exception? cause = null)
    : Exception(detail.message, cause)
{
    /// <summary>The error as PowerShell shows it.</summary>
    public ErrorDetail Detail { get; } = detail;

    /// <summary>What was given.</summary>
    public object? Target { get; } = target;
}
