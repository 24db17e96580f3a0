using System;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RevokeSession.Native;

/// <summary>Loads the native library from the module's own folder, and from nowhere else.</summary>
internal static class NativeLoader
{
    private static readonly object Gate = new();
    private static bool installed;
    private static bool usable;

    /// <summary>The folder of the module.</summary>
    public static string ModuleFolder { get; } =
        Path.GetDirectoryName(typeof(NativeLoader).Assembly.Location) ?? AppContext.BaseDirectory;

    /// <summary>Takes charge of finding the library. Loads nothing yet, so that importing stays quick.</summary>
    public static void Install()
    {
        lock (Gate)
        {
            if (!installed)
            {
                NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);
                installed = true;
            }
        }
    }

    /// <summary>Makes sure that the library is there and belongs to this assembly.</summary>
    /// <exception cref="NativeLibraryException">It is not, or does not.</exception>
    public static void EnsureUsable()
    {
        lock (Gate)
        {
            if (!usable)
            {
                Check(NativePlatform.Current, ModuleFolder, LoadBindings);
                usable = true;
            }
        }
    }

    /// <summary>Tells a missing library from one that does not fit.</summary>
    /// <param name="platform">The platform it must be for.</param>
    /// <param name="moduleFolder">The folder of the module.</param>
    /// <param name="load">Loads it.</param>
    internal static void Check(NativePlatform platform, string moduleFolder, Action load)
    {
        string path = platform.LibraryPath(moduleFolder);
        // Asked first: a failed static constructor stays failed for as long as the process lives.
        if (!File.Exists(path))
        {
            throw new NativeLibraryException(NativeErrors.Missing(platform, path));
        }
        try
        {
            load();
        }
        catch (Exception error) when (error is TypeInitializationException or TypeLoadException or DllNotFoundException or BadImageFormatException)
        {
            Exception cause = (error as TypeInitializationException)?.InnerException ?? error;
            throw new NativeLibraryException(NativeErrors.Mismatch(platform, path, cause), error);
        }
    }

    /// <summary>The generated static constructor compares the API's fingerprint on both sides.</summary>
    private static void LoadBindings() => RuntimeHelpers.RunClassConstructor(typeof(Interop).TypeHandle);

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name == Interop.NativeLib
            ? NativeLibrary.Load(NativePlatform.Current.LibraryPath(ModuleFolder))
            : IntPtr.Zero;
}
