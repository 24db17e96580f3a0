using System;
using System.IO;
using System.Security;
using System.Security.Cryptography;
using System.Text;

namespace RevokeSession;

/// <summary>A secret as UTF-8, in memory that does not move and is wiped at the end.</summary>
internal sealed class SecretBytes : IDisposable
{
    private SecretBytes(byte[] utf8) => Utf8 = utf8;

    /// <summary>The secret.</summary>
    public byte[] Utf8 { get; }

    /// <summary>Decrypts a secure string without ever making a managed string of it.</summary>
    public static SecretBytes From(SecureString secret)
    {
        using SecretChars characters = SecretChars.From(secret);
        return From(characters.Text);
    }

    /// <summary>Copies what somebody else holds as text.</summary>
    public static SecretBytes From(ReadOnlySpan<char> text)
    {
        byte[] utf8 = GC.AllocateArray<byte>(Encoding.UTF8.GetByteCount(text), pinned: true);
        Encoding.UTF8.GetBytes(text, utf8);
        return new SecretBytes(utf8);
    }

    /// <summary>Reads a file that may hold a secret.</summary>
    public static SecretBytes FromFile(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        SecretBytes content = new(GC.AllocateArray<byte>(checked((int)file.Length), pinned: true));
        file.ReadExactly(content.Utf8);
        return content;
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(Utf8);
}
