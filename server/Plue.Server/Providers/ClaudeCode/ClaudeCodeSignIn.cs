using System.Text;
using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Providers.ClaudeCode;

/// <param name="SignedIn">Null when the CLI could not say.</param>
/// <param name="Method">As the CLI names it: <c>claude.ai</c>, <c>api_key</c>, <c>oauth_token</c>, <c>third_party</c>, <c>none</c>.</param>
/// <param name="Version">As <c>claude --version</c> begins, or null.</param>
/// <param name="Sentence">For a person.</param>
public sealed record ClaudeCodeSignInState(bool? SignedIn, string? Method, string? Version, string Sentence);

/// <summary>Gets the CLI's version and whether it has a credential. This uses no network, so the credential may still be invalid.</summary>
internal static class ClaudeCodeSignIn
{
    public const string NotSignedIn = "Claude Code is not signed in. Run `claude auth login` in a terminal, then try again.";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <param name="directory">A folder of Plue, never a workspace.</param>
    public static async Task<ClaudeCodeSignInState> CheckAsync(
        ClaudeCodeProgram program,
        IReadOnlyDictionary<string, string> environment,
        string directory,
        CancellationToken cancellationToken
    )
    {
        var version = AskAsync(program, environment, directory, ["--version"], cancellationToken);
        var status = await AskAsync(program, environment, directory, ["auth", "status"], cancellationToken).ConfigureAwait(false);
        var number = (await version.ConfigureAwait(false)).Output.Split(' ', '\n')[0];
        var shown = number.Length > 0 && char.IsAsciiDigit(number[0]) ? number : null;
        var (signedIn, method) = Read(status.Output);
        var what = $"Claude Code {shown ?? "of unknown version"} at {program.DisplayPath}";
        return new ClaudeCodeSignInState(
            signedIn,
            method,
            shown,
            signedIn switch
            {
                true => $"{what} is signed in{MethodText(method)}.",
                false => NotSignedIn,
                null =>
                    $"{what} did not report whether it is signed in{(status.Error.Length > 0 ? $": {ClaudeCodeFailures.Plain(status.Error)}" : "")}. Run `claude auth status` in a terminal.",
            }
        );
    }

    /// <summary>Gets the name of the program's sign-in method for the user; empty if it is unknown.</summary>
    private static string MethodText(string? method) =>
        method switch
        {
            "claude.ai" => " with a Claude subscription",
            "oauth_token" => " with a token",
            "api_key" => " with an API key",
            "third_party" => " through another cloud",
            _ => "",
        };

    private static (bool? SignedIn, string? Method) Read(string output)
    {
        try
        {
            using var document = JsonDocument.Parse(output);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("loggedIn", out var loggedIn))
            {
                return (null, null);
            }

            return (
                loggedIn.ValueKind == JsonValueKind.True,
                root.TryGetProperty("authMethod", out var method) && method.ValueKind == JsonValueKind.String ? method.GetString() : null
            );
        }
        catch (JsonException)
        {
            return (null, null);
        }
    }

    private static async Task<(string Output, string Error)> AskAsync(
        ClaudeCodeProgram program,
        IReadOnlyDictionary<string, string> environment,
        string directory,
        string[] arguments,
        CancellationToken cancellationToken
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            await using var child = ChildProcess.Start(
                new ChildProcessStart
                {
                    Program = program.Path,
                    Arguments = [.. program.Prefix, .. arguments],
                    Environment = environment,
                    SecretNames = ClaudeCodeEnvironment.SecretNames,
                    WorkingDirectory = directory,
                    LineCap = 1024 * 1024,
                }
            );
            child.CloseInput();
            var output = new StringBuilder();
            while (output.Length < 1024 * 1024 && await child.ReadLineAsync(limit.Token).ConfigureAwait(false) is { } line)
            {
                output.Append(Encoding.UTF8.GetString(line.Span)).Append('\n');
            }

            await child.Exited.WaitAsync(limit.Token).ConfigureAwait(false);
            return (output.ToString().Trim(), child.StderrTail);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ("", $"no response within {Limit.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return ("", e.Message);
        }
    }
}
