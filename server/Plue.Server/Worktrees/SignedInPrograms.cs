using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Worktrees;

/// <summary>Runs git and <c>gh</c> with the credentials that the user signed in with.</summary>
/// <param name="environment">The environment of Plue.</param>
internal sealed class SignedInPrograms(Func<string, string?> environment)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    // Also what git and gh need to authenticate.
    private static readonly string[] Inherited =
    [
        .. Git.Inherited,
        "SSH_AUTH_SOCK",
        "SSH_AGENT_PID",
        "GH_TOKEN",
        "GITHUB_TOKEN",
        "GH_HOST",
        "GH_ENTERPRISE_TOKEN",
        "GITHUB_ENTERPRISE_TOKEN",
        "GH_CONFIG_DIR",
        "XDG_STATE_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
        "HTTPS_PROXY",
        "https_proxy",
        "NO_PROXY",
        "no_proxy",
    ];

    /// <summary>Runs a program that can use the network and the user's credentials, without prompts.</summary>
    /// <param name="program">The absolute path.</param>
    /// <param name="input">One line for standard input; empty for none.</param>
    /// <param name="maxOutput">Further bytes of the output are skipped.</param>
    /// <exception cref="FailureException">Timeout; NotFound: it cannot be run.</exception>
    public async Task<GitResult> RunAsync(
        string program,
        string folder,
        IReadOnlyList<string> arguments,
        string input,
        int maxOutput,
        CancellationToken cancellationToken
    )
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["LC_ALL"] = "C.UTF-8",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GH_PROMPT_DISABLED"] = "1",
            ["NO_COLOR"] = "1",
        };
        foreach (var name in Inherited)
        {
            if (environment(name) is { } value)
            {
                variables[name] = value;
            }
        }

        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(Timeout);
        try
        {
            await using var child = ChildProcess.Start(
                new ChildProcessStart
                {
                    Program = program,
                    Arguments = arguments,
                    Environment = variables,
                    WorkingDirectory = folder,
                }
            );
            if (input.Length > 0)
            {
                await child.WriteLineAsync(Encoding.UTF8.GetBytes(input), time.Token);
            }

            child.CloseInput();
            using var output = new MemoryStream();
            var buffer = new byte[16 * 1024];
            while (await child.ReadAsync(buffer, time.Token) is > 0 and var count)
            {
                output.Write(buffer, 0, (int)Math.Min(count, Math.Max(0, maxOutput - output.Length)));
            }

            var code = await child.Exited.WaitAsync(time.Token);
            return new GitResult(code, Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length), child.StderrTail);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(
                FailureKind.Timeout,
                $"{Path.GetFileName(program)} did not end within {Timeout.TotalMinutes:0} minutes and was stopped."
            );
        }
        catch (IOException fault)
        {
            throw new FailureException(FailureKind.NotFound, $"{Path.GetFileName(program)} could not be run: {fault.Message}", fault);
        }
    }
}
