using System.Diagnostics;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Platform;

/// <summary>Uses real processes, because the protection applies to the whole process.</summary>
public sealed class CrashDumpsTests
{
    [Theory]
    [InlineData("ILL")]
    [InlineData("ABRT")]
    [InlineData("FPE")]
    [InlineData("SEGV")]
    [InlineData("BUS")]
    [InlineData("QUIT")]
    [InlineData("HUP")]
    [InlineData("TERM")]
    public async Task A_fatal_signal_ends_the_process_the_first_time(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals.");
        await using var sidecar = await SidecarProcess.StartAsync(Directory.CreateTempSubdirectory("plue-signal-").FullName);
        using var kill = Process.Start("kill", [$"-{signal}", $"{sidecar.Process.Id}"]);
        await sidecar.Process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task The_process_leaves_no_crash_file_and_lets_its_children_raise_the_limit()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the limits of other processes.");
        await using var sidecar = await SidecarProcess.StartAsync(Directory.CreateTempSubdirectory("plue-core-").FullName);
        var own = Words(File.ReadAllLines("/proc/self/limits"));
        var limits = Words(File.ReadAllLines($"/proc/{sidecar.Process.Id}/limits"));
        Assert.Equal(("0", own.Most), (limits.Now, limits.Most));

        static (string Now, string Most) Words(IEnumerable<string> lines)
        {
            var words = lines
                .Single(line => line.StartsWith("Max core file size", StringComparison.Ordinal))["Max core file size".Length..]
                .Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return (words[0], words[1]);
        }
    }

    [Fact]
    public async Task Another_process_of_the_user_cannot_look_into_its_memory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName != "root", "Nothing is hidden from root.");
        await using var sidecar = await SidecarProcess.StartAsync(Directory.CreateTempSubdirectory("plue-memory-").FullName);
        Assert.ThrowsAny<UnauthorizedAccessException>(() => File.OpenRead($"/proc/{sidecar.Process.Id}/mem"));
    }
}
