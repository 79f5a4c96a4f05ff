using System.Text.RegularExpressions;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

public partial class SecretReaderTests
{
    [Fact]
    public void Only_code_that_builds_requests_or_starts_programs_reads_secrets()
    {
        string[] exits =
        [
            "Notifications/Webhook.cs",
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
        var readers = Repository
            .Files("server", "*.cs")
            .Where(file => SecretCall().IsMatch(file.Text))
            .Select(file => file.Path["server/Plue.Server/".Length..]);
        Assert.Equal(exits, readers.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"\b[sS]ecrets?(Source)?\.GetAsync\(")]
    private static partial Regex SecretCall();
}
