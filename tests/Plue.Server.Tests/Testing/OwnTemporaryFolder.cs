using Plue.Server.Tests.Testing;

[assembly: AssemblyFixture(typeof(OwnTemporaryFolder))]

namespace Plue.Server.Tests.Testing;

/// <summary>The temporary folder of this run and its child processes; deleted at the end with everything in it.</summary>
public sealed class OwnTemporaryFolder : IAsyncDisposable
{
    private static readonly string[] Variables = OperatingSystem.IsWindows() ? ["TEMP", "TMP"] : ["TMPDIR"];

    /// <summary>Temporary files that the sidecar deletes itself.</summary>
    private static readonly string[] Momentary = ["plue-command-*", "plue-sandbox-??????"];

    private readonly string folder = Directory.CreateTempSubdirectory("plue-tests-").FullName;

    public OwnTemporaryFolder()
    {
        // Sandbox tests run commands as another user, who needs access.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        foreach (var variable in Variables)
        {
            Environment.SetEnvironmentVariable(variable, folder);
        }
    }

    /// <exception cref="InvalidOperationException">The sidecar left files behind.</exception>
    public async ValueTask DisposeAsync()
    {
        var left = Momentary.SelectMany(name => Directory.GetDirectories(folder, name)).Select(Path.GetFileName).ToList();
        await RemoveAsync();
        if (left.Count > 0)
        {
            throw new InvalidOperationException($"The sidecar left temporary folders behind: {string.Join(", ", left)}.");
        }
    }

    private async Task RemoveAsync()
    {
        // A killed program may still write for a moment.
        for (var attempt = 1; Directory.Exists(folder); attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException && attempt < 20)
            {
                // An ended process still closes its files.
                await Task.Delay(100);
            }
        }
    }
}
