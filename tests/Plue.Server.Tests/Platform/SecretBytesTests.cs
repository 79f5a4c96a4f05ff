using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public class SecretBytesTests
{
    [Fact]
    public void Disposing_zeroes_the_bytes_and_ends_the_access()
    {
        var secret = SecretBytes.CopyOf("canary"u8);
        Assert.Equal("canary"u8, secret.Span);
        secret.Dispose();
        secret.Dispose();
        Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
    }

    [Fact]
    public void Bytes_are_locked_in_memory_where_the_system_allows_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells how much is locked.");
        var before = Locked();
        using (var secret = new SecretBytes(32))
        {
            if (secret.IsLocked)
            {
                Assert.True(Locked() > before);
            }
        }

        static int Locked() =>
            int.Parse(
                File.ReadAllLines("/proc/self/status")
                    .Single(line => line.StartsWith("VmLck:", StringComparison.Ordinal))
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
                System.Globalization.CultureInfo.InvariantCulture
            );
    }
}
