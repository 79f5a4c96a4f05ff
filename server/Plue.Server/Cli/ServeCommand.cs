using System.CommandLine;
using Microsoft.Extensions.Logging;

namespace Plue.Server.Cli;

/// <summary><c>plue serve</c>: the sidecar of the editor, JSON-RPC on stdin and stdout.</summary>
internal static class ServeCommand
{
    /// <param name="serve">Serves the protocol over the two streams until the editor disconnects; returns the exit code.</param>
    public static Command Create(Func<LogLevel, Stream, Stream, CancellationToken, Task<int>> serve)
    {
        var level = new Option<LogLevel>("--log")
        {
            Description = "The minimum log level",
            DefaultValueFactory = _ => LogLevel.Information,
        };
        var wait = new Option<bool>("--wait-for-debugger") { Description = "Wait for a debugger to attach" };
        // vscode-languageclient adds these; the transport is always stdio and the parent comes with initialize.
        var stdio = new Option<bool>("--stdio") { Hidden = true };
        var command = new Command("serve", "Serve an editor over stdin and stdout, for example: plue serve") { level, wait, stdio };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                while (parsed.GetValue(wait) && !System.Diagnostics.Debugger.IsAttached)
                {
                    await Task.Delay(100, cancellationToken);
                }

                return await ProtocolStreams.RunAsync((input, output) => serve(parsed.GetValue(level), input, output, cancellationToken));
            }
        );
        return command;
    }
}
