using System.Diagnostics;

namespace Plue.Server.Tests.Testing;

/// <summary>The real <c>plue serve</c> in a process of its own, which a test may kill.</summary>
internal sealed class SidecarProcess : IAsyncDisposable
{
    private SidecarProcess(Process process, RpcClient client) => (Process, Client) = (process, client);

    private static readonly string Name = OperatingSystem.IsWindows() ? "plue.exe" : "plue";

    /// <summary>What <c>PLUE_TEST_PROGRAM</c> names, as in <c>npm test</c>: the native program, because that is what ships. Otherwise the debug build.</summary>
    public static string Executable =>
        Environment.GetEnvironmentVariable("PLUE_TEST_PROGRAM") ?? Path.Combine(AppContext.BaseDirectory, Name);

    /// <summary>
    /// The same program as it was built, in which no lines are counted: for terminals and logins of their own. What keeps two processes from
    /// writing their counts at the same time holds within one session only, and who meets another at it aborts.
    /// </summary>
    public static string UncountedExecutable =>
        Environment.GetEnvironmentVariable("PLUE_TEST_PROGRAM")
        ?? Path.Combine(AppContext.BaseDirectory.Replace("Plue.Server.Tests", "Plue.Server", StringComparison.Ordinal), Name);

    public Process Process { get; }
    public RpcClient Client { get; }

    /// <param name="folder">Open and trusted; null for none.</param>
    /// <param name="environment">Beside what this process has.</param>
    public static async Task<SidecarProcess> StartAsync(
        string home,
        int? parent = null,
        string? folder = null,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        var start = new ProcessStartInfo(Executable, ["serve", "--log", "Warning"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PLUE_HOME"] = home },
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("plue did not start.");
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
        var client = new RpcClient(process.StandardOutput.BaseStream, process.StandardInput.BaseStream);
        await client.ResultAsync(
            "initialize",
            new
            {
                processId = parent ?? Environment.ProcessId,
                initializationOptions = new { workspaceFolder = folder, trusted = folder is not null },
            }
        );
        return new SidecarProcess(process, client);
    }

    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync();
        await Client.Closed;
    }

    /// <summary>Ends as with an editor that closes: its input ends. One that goes on regardless is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        // A process that was killed does not take the rest of what was being written to it.
        try
        {
            Process.StandardInput.Close();
        }
        catch (IOException) when (Process.HasExited) { }

        try
        {
            await Process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(15));
        }
        catch (TimeoutException)
        {
            Process.Kill(entireProcessTree: true);
        }

        await Process.WaitForExitAsync();
        Process.Dispose();
    }
}
