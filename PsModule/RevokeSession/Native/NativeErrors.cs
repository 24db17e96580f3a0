using System;

namespace RevokeSession.Native;

/// <summary>The errors that the native library cannot name itself: it is absent, or it broke.</summary>
internal static class NativeErrors
{
    private const string Reinstall = "Install RevokeSession again, and start a new PowerShell.";

    /// <summary>There is no library for this platform.</summary>
    public static ErrorDetail Missing(NativePlatform platform, string path) => new()
    {
        id = "NativeLibraryMissing",
        category = "ResourceUnavailable",
        message = $"RevokeSession has no native library for {platform.Rid}: there is no file '{path}'.",
        recommended_action = $"Install a RevokeSession package that supports {platform.Rid}, and start a new PowerShell.",
    };

    /// <summary>There is a library, but not one that belongs to this assembly.</summary>
    public static ErrorDetail Mismatch(NativePlatform platform, string path, Exception cause) => new()
    {
        id = "NativeLibraryMismatch",
        category = "InvalidData",
        message = $"The native library of RevokeSession for {platform.Rid}, '{path}', does not fit this module: {cause.Message}",
        recommended_action = Reinstall,
    };

    /// <summary>The library failed in a way that neither side foresaw.</summary>
    public static ErrorDetail Internal(Exception cause) => new()
    {
        id = "InternalError",
        category = "NotSpecified",
        message = $"RevokeSession failed inside: {Told(cause)}",
        recommended_action = "Run again: repeating a revocation is harmless. If it fails again, report it with the output of -Verbose.",
    };

    /// <summary>The run ended without an answer for an input it had taken.</summary>
    public static ErrorDetail NoAnswer { get; } =
        Internal(new InteropException("the run ended without an answer for this user."));

    private static string Told(Exception cause) => cause switch
    {
        // Nobody asked for it: this is how a panic in the library arrives.
        OperationCanceledException => "the native library abandoned the call.",
        EnumException<FfiError> { Value: var value } => $"the native library answered {value}.",
        EnumException => "the native library panicked.",
        _ => cause.Message,
    };
}
