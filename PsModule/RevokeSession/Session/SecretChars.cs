using System;
using System.Runtime.InteropServices;
using System.Security;
using System.Security.Cryptography;
using System.Text;

namespace RevokeSession;

/// <summary>A secret as text, in memory that does not move and is wiped at the end.</summary>
internal sealed class SecretChars : IDisposable
{
    private readonly char[] characters;

    private SecretChars(int length) => characters = GC.AllocateArray<char>(length, pinned: true);

    /// <summary>The secret.</summary>
    public ReadOnlySpan<char> Text => characters;

    /// <summary>Decrypts a secure string without ever making a managed string of it.</summary>
    public static unsafe SecretChars From(SecureString secret)
    {
        IntPtr plain = Marshal.SecureStringToGlobalAllocUnicode(secret);
        try
        {
            SecretChars copy = new(secret.Length);
            new ReadOnlySpan<char>((void*)plain, secret.Length).CopyTo(copy.characters);
            return copy;
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(plain);
        }
    }

    /// <summary>Decodes what a file held.</summary>
    public static SecretChars From(SecretBytes secret)
    {
        SecretChars text = new(Encoding.UTF8.GetCharCount(secret.Utf8));
        Encoding.UTF8.GetChars(secret.Utf8, text.characters);
        return text;
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(characters.AsSpan()));
}
