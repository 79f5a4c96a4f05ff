using System.Diagnostics;

namespace Plue.Server.Tests.Testing;

/// <summary>Makes a folder read-only or small during a test, if this user may mount.</summary>
internal sealed class Mount : IDisposable
{
    private readonly string folder;

    private Mount(string folder) => this.folder = folder;

    /// <summary>Skips the test if mounting is not possible.</summary>
    public static Mount ReadOnly(string folder)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs bind mounts.");
        Assert.SkipUnless(Run("mount", "--bind", folder, folder), "This user may not mount.");
        var mount = new Mount(folder);
        if (Run("mount", "-o", "remount,ro,bind", folder))
        {
            return mount;
        }

        mount.Dispose();
        Assert.Skip("This user may not mount read-only.");
        return mount;
    }

    /// <summary>Creates an empty folder of limited size.</summary>
    public static Mount Small(string folder, int kibibytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs tmpfs.");
        Directory.CreateDirectory(folder);
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", folder), "This user may not mount a tmpfs.");
        return new Mount(folder);
    }

    public void Dispose() => Run("umount", "-l", folder);

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
            process?.StandardError.ReadToEnd();
            process?.WaitForExit();
            return process?.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
