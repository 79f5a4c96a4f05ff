using System.Diagnostics;

namespace Plue.Server.Tests.Testing;

/// <summary>The real <c>plue serve</c> in a separate process, which a test may kill.</summary>
internal sealed class SidecarProcess : IAsyncDisposable
{
    private SidecarProcess(Process process, RpcClient client) => (Process, Client) = (process, client);

    private static readonly string Name = OperatingSystem.IsWindows() ? "plue.exe" : "plue";

    /// <summary>
    /// The program in <c>PLUE_TEST_PROGRAM</c>, which <c>npm test</c> sets to the native program because that is shipped; otherwise the debug build.
    /// </summary>
    public static string Executable =>
        Environment.GetEnvironmentVariable("PLUE_TEST_PROGRAM") ?? Path.Combine(AppContext.BaseDirectory, Name);

    /// <summary>
    /// The same program without coverage, for processes in another terminal or login session. The lock that keeps two processes from
    /// writing coverage at the same time works only within one session; a second writer aborts.
    /// </summary>
    public static string UncountedExecutable =>
        Environment.GetEnvironmentVariable("PLUE_TEST_PROGRAM")
        ?? Path.Combine(AppContext.BaseDirectory.Replace("Plue.Server.Tests", "Plue.Server", StringComparison.Ordinal), Name);

    public Process Process { get; }
    public RpcClient Client { get; }

    /// <param name="folder">The open, trusted folder; null for none.</param>
    /// <param name="environment">Additional environment variables.</param>
    /// <param name="keepsRunning">True if running work continues when its window closes.</param>
    public static async Task<SidecarProcess> StartAsync(
        string home,
        int? parent = null,
        string? folder = null,
        IReadOnlyDictionary<string, string>? environment = null,
        bool keepsRunning = false
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
                initializationOptions = new
                {
                    workspaceFolder = folder,
                    trusted = folder is not null,
                    keepsRunning,
                },
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

    /// <summary>Shuts down like a window that closes.</summary>
    public async Task CloseWindowAsync()
    {
        await Client.ResultAsync("shutdown");
        await Client.NotifyAsync("exit");
        Process.StandardInput.Close();
    }

    /// <summary>Closes its input, like an editor, and kills the process if it does not exit.</summary>
    public async ValueTask DisposeAsync()
    {
        // A killed process does not read the rest of its input.
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
