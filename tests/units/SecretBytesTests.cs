using System.Linq;
using System.Security;
using System.Text;
using Xunit;

namespace RevokeSession.Tests;

public sealed class SecretBytesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("s3cret~with.ASCII_only")]
    [InlineData("pässwörd €")]
    [InlineData("key \U0001F511 beyond the basic plane")]
    public void A_secret_becomes_its_utf8(string text)
    {
        using SecureString secret = Secure(text);
        using SecretBytes bytes = SecretBytes.From(secret);
        Assert.Equal(Encoding.UTF8.GetBytes(text), bytes.Utf8);
    }

    [Fact]
    public void Nothing_is_left_behind()
    {
        using SecureString secret = Secure("s3cret");
        SecretBytes bytes = SecretBytes.From(secret);
        byte[] memory = bytes.Utf8;
        bytes.Dispose();
        Assert.True(memory.All(part => part == 0));
    }

    [Fact]
    public void No_characters_are_left_behind()
    {
        using SecureString secret = Secure("s3cret");
        SecretChars characters = SecretChars.From(secret);
        Assert.Equal("s3cret", characters.Text.ToString());
        characters.Dispose();
        Assert.Equal(new string('\0', 6), characters.Text.ToString());
    }

    [Fact]
    public void The_secure_string_stays_usable()
    {
        using SecureString secret = Secure("s3cret");
        SecretBytes.From(secret).Dispose();
        using SecretBytes again = SecretBytes.From(secret);
        Assert.Equal("s3cret"u8.ToArray(), again.Utf8);
    }

    private static SecureString Secure(string text)
    {
        SecureString secret = new();
        foreach (char character in text)
        {
            secret.AppendChar(character);
        }
        return secret;
    }
}
