using System.Buffers.Binary;
using System.Numerics;

namespace Plue.Server.Store;

/// <summary>CRC-32C (Castagnoli, reflected, start and final xor 0xFFFFFFFF): the CPU computes it. "123456789" gives e3069283.</summary>
internal static class Crc32C
{
    /// <summary>Computes the checksum of both spans as if they were one.</summary>
    public static uint Of(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail = default) => ~Add(Add(~0u, head), tail);

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var single in bytes)
        {
            crc = BitOperations.Crc32C(crc, single);
        }

        return crc;
    }
}
