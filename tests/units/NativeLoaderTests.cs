using System;
using System.IO;
using RevokeSession.Native;
using Xunit;

namespace RevokeSession.Tests;

public sealed class NativeLoaderTests
{
    [Theory]
    [InlineData("linux", "x64", "linux-x64", "librevoke_session.so")]
    [InlineData("linux", "arm64", "linux-arm64", "librevoke_session.so")]
    [InlineData("osx", "arm64", "osx-arm64", "librevoke_session.dylib")]
    [InlineData("win", "x64", "win-x64", "revoke_session.dll")]
    [InlineData("win", "arm64", "win-arm64", "revoke_session.dll")]
    public void Each_platform_has_its_own_place(string system, string architecture, string rid, string file)
    {
        NativePlatform platform = new(system, architecture);
        Assert.Equal(rid, platform.Rid);
        Assert.Equal(Path.Combine("module", rid, file), platform.LibraryPath("module"));
    }

    [Fact]
    public void The_present_platform_is_known() =>
        Assert.Matches("^(win|linux|osx)-(x64|arm64|x86|arm)$", NativePlatform.Current.Rid);

    [Fact]
    public void A_missing_library_is_told_with_platform_and_path_and_is_not_loaded()
    {
        NativePlatform platform = new("linux", "riscv64");
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

        NativeLibraryException error = Assert.Throws<NativeLibraryException>(
            () => NativeLoader.Check(platform, folder, () => Assert.Fail("there is nothing to load")));

        Assert.Equal("NativeLibraryMissing", error.Detail.id);
        Assert.Contains("linux-riscv64", error.Detail.message, StringComparison.Ordinal);
        Assert.Contains(platform.LibraryPath(folder), error.Detail.message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Detail.recommended_action);
    }

    [Fact]
    public void A_library_of_another_build_is_told_as_such()
    {
        TypeLoadException guard = new("API reports hash 0x1 which differs");
        Assert.Contains(guard.Message, Mismatch(new TypeInitializationException("Interop", guard)), StringComparison.Ordinal);
        Assert.Contains(guard.Message, Mismatch(guard), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_library_does_not_fit_either() =>
        Assert.Contains("invalid ELF header", Mismatch(new DllNotFoundException("invalid ELF header")), StringComparison.Ordinal);

    [Fact]
    public void Another_failure_is_not_renamed() =>
        Assert.Throws<InvalidTimeZoneException>(() => Check(new InvalidTimeZoneException()));

    private static string Mismatch(Exception thrown)
    {
        NativeLibraryException error = Assert.Throws<NativeLibraryException>(() => Check(thrown));
        Assert.Equal("NativeLibraryMismatch", error.Detail.id);
        Assert.Contains(NativePlatform.Current.Rid, error.Detail.message, StringComparison.Ordinal);
        Assert.Same(thrown, error.InnerException);
        return error.Detail.message;
    }

    private static void Check(Exception thrown)
    {
        string folder = Directory.CreateTempSubdirectory("rs-units-").FullName;
        try
        {
            string path = NativePlatform.Current.LibraryPath(folder);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "no library");
            NativeLoader.Check(NativePlatform.Current, folder, () => throw thrown);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
