using System;
using System.Runtime.InteropServices;
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
    public static unsafe SecretBytes From(SecureString secret)
    {
        IntPtr plain = Marshal.SecureStringToGlobalAllocUnicode(secret);
        try
        {
            ReadOnlySpan<char> characters = new((void*)plain, secret.Length);
            byte[] utf8 = GC.AllocateArray<byte>(Encoding.UTF8.GetByteCount(characters), pinned: true);
            Encoding.UTF8.GetBytes(characters, utf8);
            return new SecretBytes(utf8);
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(plain);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(Utf8);
}
