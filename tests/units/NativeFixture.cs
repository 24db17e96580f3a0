using System;
using System.IO;
using RevokeSession.Native;
using Xunit;

namespace RevokeSession.Tests;

/// <summary>The real native library, laid beside the assembly as it lies in the module.</summary>
[CollectionDefinition(Collection)]
public sealed class NativeFixture : ICollectionFixture<NativeFixture>
{
    /// <summary>The tests that need it; one library serves them all.</summary>
    public const string Collection = "native";

    public NativeFixture()
    {
        string place = NativePlatform.Current.LibraryPath(NativeLoader.ModuleFolder);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        File.Copy(Find(), place, overwrite: true);
        NativeLoader.Install();
        NativeLoader.EnsureUsable();
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("REVOKESESSION_NATIVE") is { Length: > 0 } named)
        {
            return named;
        }
        string? module = Path.GetDirectoryName(Environment.GetEnvironmentVariable("REVOKESESSION_MODULE"));
        for (string? folder = AppContext.BaseDirectory; module is null && folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string staged = Path.Combine(folder, "out", "RevokeSession");
            module = Directory.Exists(staged) ? staged : null;
        }
        Assert.True(module is not null, "There is no staged module: run `cargo xtask build` first.");
        return NativePlatform.Current.LibraryPath(module);
    }
}
