using System;
using System.IO;
using System.Runtime.InteropServices;

namespace RevokeSession.Native;

/// <summary>Where the native library of a platform lies in the module.</summary>
/// <param name="System">The operating system's part of the runtime identifier.</param>
/// <param name="Architecture">The process architecture's part of it.</param>
internal sealed record NativePlatform(string System, string Architecture)
{
    /// <summary>The platform this process runs on.</summary>
    public static NativePlatform Current { get; } = new(
        OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux",
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant());

    /// <summary>The runtime identifier, such as <c>linux-x64</c>.</summary>
    public string Rid => $"{System}-{Architecture}";

    /// <summary>The library's file name.</summary>
    public string LibraryName => System switch
    {
        "win" => $"{Interop.NativeLib}.dll",
        "osx" => $"lib{Interop.NativeLib}.dylib",
        _ => $"lib{Interop.NativeLib}.so",
    };

    /// <summary>The library's path in a module folder.</summary>
    public string LibraryPath(string moduleFolder) => Path.Combine(moduleFolder, Rid, LibraryName);
}
