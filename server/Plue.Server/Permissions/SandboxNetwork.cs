using System.Globalization;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// A network namespace with a loopback device and no connections, for several sandboxed commands of one agent. A small process keeps it; it ends when this one
/// does.
/// </summary>
internal sealed class SandboxNetwork : IAsyncDisposable
{
    private const string Shell = "/bin/sh";
    private static readonly string[] NsenterPaths = ["/usr/bin/nsenter", "/bin/nsenter"];
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private readonly ChildProcess holder;

    private SandboxNetwork(ChildProcess holder, int processId, string nsenter)
    {
        this.holder = holder;
        ProcessId = processId;
        Join = [nsenter, "--target", processId.ToString(CultureInfo.InvariantCulture), "--user", "--net", "--preserve-credentials", "--"];
    }

    /// <summary>Gets a process in the network.</summary>
    public int ProcessId { get; }

    /// <summary>Gets the program and arguments that run a command in the network.</summary>
    public IReadOnlyList<string> Join { get; }

    /// <returns>Null if this machine does not allow it.</returns>
    public static async Task<SandboxNetwork?> CreateAsync(string bubblewrap, CancellationToken cancellationToken)
    {
        if (NsenterPaths.FirstOrDefault(File.Exists) is not { } nsenter)
        {
            return null;
        }

        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(Timeout);
        ChildProcess? started = null;
        try
        {
            // Bubblewrap also starts the loopback device.
            string[] bind = ["--unshare-user", "--unshare-net", "--cap-drop", "ALL", "--dev-bind", "/", "/", "--die-with-parent"];
            started = ChildProcess.Start(StartOf(["-c", "\"$@\"; exit $?", "sh", bubblewrap, .. bind, Shell, "-c", "echo $$; read -r _"]));
            var line = await started.ReadLineAsync(time.Token);
            if (line is { } id && int.TryParse(Encoding.ASCII.GetString(id.Span), CultureInfo.InvariantCulture, out var processId))
            {
                var network = new SandboxNetwork(started, processId, nsenter);
                await using var probe = ChildProcess.Start(StartOf(["-c", "\"$@\"", "sh", .. network.Join, Shell, "-c", "exit 42"]));
                if (await probe.Exited.WaitAsync(time.Token) == 42)
                {
                    started = null;
                    return network;
                }
            }
        }
        catch (IOException)
        { /* Commands keep networks of their own. */
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        { /* The same. */
        }
        finally
        {
            if (started is not null)
            {
                await started.DisposeAsync();
            }
        }

        return null;
    }

    public ValueTask DisposeAsync() => holder.DisposeAsync();

    private static ChildProcessStart StartOf(IReadOnlyList<string> arguments) =>
        new()
        {
            Program = Shell,
            Arguments = arguments,
            Environment = new Dictionary<string, string>(),
            WorkingDirectory = "/",
        };
}
