using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

/// <summary>The conventions of STYLE.md that no analyzer checks.</summary>
public partial class ConventionTests
{
    [Fact]
    public void An_empty_catch_block_has_a_comment_with_the_reason() =>
        Assert.Empty(Files("server", "*.cs").Where(file => EmptyCatch().IsMatch(file.Text)).Select(file => file.Path));

    [Theory]
    [InlineData("try { a(); } catch (IOException) { }", true)]
    [InlineData("catch (Exception fault) when (fault is IOException or (FormatException))\n{\n}", true)]
    [InlineData("try { a(); } catch (IOException) { /* Not there. */ }", false)]
    public void Only_a_comment_between_the_braces_is_a_reason(string source, bool isEmpty) =>
        Assert.Equal(isEmpty, EmptyCatch().IsMatch(source));

    [Fact]
    public void A_secret_is_read_only_where_a_request_is_built_or_a_program_started()
    {
        string[] exits =
        [
            "Providers/Acp/AcpStarter.cs",
            "Providers/Bedrock/AwsCredentials.cs",
            "Providers/ClaudeCode/ClaudeCodeEnvironment.cs",
            "Providers/Connections/OAuth/OAuthServer.cs",
            "Providers/Connections/OAuth/OAuthTokens.cs",
            "Providers/External/ExternalProvider.cs",
            "Providers/Http/ApiKeyCredential.cs",
            "Providers/Http/ProviderConnection.cs",
            "Providers/VertexAi/GoogleAccount.cs",
            "Telemetry/TelemetryExporter.cs",
            "Tools/Mcp/McpConnection.cs",
            "Tools/Mcp/McpTokens.cs",
        ];
        var readers = Files("server", "*.cs")
            .Where(file => SecretCall().IsMatch(file.Text))
            .Select(file => file.Path["server/Plue.Server/".Length..]);
        Assert.Equal(exits, readers.Order(StringComparer.Ordinal));
    }

    /// <summary>A comment on the line or above it says why no event can be awaited. A wait without an end waits for an event.</summary>
    [Fact]
    public void A_test_that_waits_for_time_says_why()
    {
        foreach (var (path, text) in Files("tests", "*.cs").Concat(Files("tests", "*.mjs")).Concat(Files("tests", "*.ts")))
        {
            var lines = text.Split('\n');
            for (var at = 1; at < lines.Length; at++)
            {
                Assert.False(
                    TimedWait().IsMatch(lines[at])
                        && !lines[at].Contains("//", StringComparison.Ordinal)
                        && !lines[at - 1].Contains("//", StringComparison.Ordinal),
                    $"{path}:{at + 1}"
                );
            }
        }
    }

    [Fact]
    public void Every_dependency_is_pinned_to_one_version()
    {
        var package = JsonNode.Parse(Read("package.json"))!;
        var versions = new[] { "dependencies", "devDependencies" }
            .SelectMany(kind => package[kind]!.AsObject().Select(dependency => (string?)dependency.Value ?? ""))
            .Concat(PackageVersion().Matches(Read("Directory.Packages.props")).Select(match => match.Groups["version"].Value));
        Assert.DoesNotContain(versions, version => !ExactVersion().IsMatch(version));
        Assert.Empty(
            Files("server", "*.csproj")
                .Concat(Files("tests", "*.csproj"))
                .Where(file => file.Text.Contains(" Version=\"", StringComparison.Ordinal))
                .Select(file => file.Path)
        );
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    private static IEnumerable<(string Path, string Text)> Files(string folder, string pattern) =>
        Directory
            .EnumerateFiles(Path.Combine(Repository.Root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
            .Select(path => (path, Read(path)));

    [GeneratedRegex(@"\bcatch\s*(\([^)]*\))?\s*(when \([^{]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"\b[sS]ecrets?(Source)?\.GetAsync\(")]
    private static partial Regex SecretCall();

    [GeneratedRegex(@"\bTask\.Delay\((?!(?:System\.Threading\.)?Timeout\.Infinite)|\.waitForTimeout\(|\bThread\.Sleep\(")]
    private static partial Regex TimedWait();

    [GeneratedRegex(@"<PackageVersion Include=""[^""]+"" Version=""(?<version>[^""]+)""", RegexOptions.ExplicitCapture)]
    private static partial Regex PackageVersion();

    [GeneratedRegex(@"^\d+\.\d+\.\d+(-[\w.]+)?$")]
    private static partial Regex ExactVersion();
}
