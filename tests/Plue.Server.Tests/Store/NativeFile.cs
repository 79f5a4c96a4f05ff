using System.Runtime.InteropServices;

namespace Plue.Server.Tests.Store;

internal static partial class NativeFile
{
    public static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);

    [LibraryImport("libc")]
    public static partial uint umask(uint mask);
}
