using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>Plue's tools as the CLI sees them: a server of the Model Context Protocol whose messages go over the CLI's own input and output.</summary>
internal static class ClaudeCodeServer
{
    public const string Name = "plue";
    private const string Prefix = $"mcp__{Name}__";
    private const string NewestVersion = "2025-11-25";

    /// <summary>Gets Plue's name of a tool, without the prefix that the CLI adds.</summary>
    public static string Plain(string toolName) => IsOurs(toolName) ? toolName[Prefix.Length..] : toolName;

    public static bool IsOurs(string toolName) => toolName.StartsWith(Prefix, StringComparison.Ordinal);

    public static byte[] Greeting(string requestId, string id, string? version) =>
        Answer(
            requestId,
            id,
            writer =>
            {
                writer.WriteStartObject("result");
                writer.WriteString("protocolVersion", version ?? NewestVersion);
                writer.WriteStartObject("capabilities");
                writer.WriteObject("tools");
                writer.WriteEndObject();
                writer.WriteObject("serverInfo", ("name", Name), ("version", "1"));
                writer.WriteEndObject();
            }
        );

    public static byte[] Tools(string requestId, string id, IReadOnlyList<ToolDeclaration> tools) =>
        Answer(
            requestId,
            id,
            writer =>
            {
                writer.WriteStartObject("result");
                writer.WriteStartArray("tools");
                foreach (var tool in tools)
                {
                    writer.WriteStartObject();
                    writer.WriteFields(("name", tool.Name), ("description", tool.Description));
                    writer.WritePropertyName("inputSchema");
                    writer.WriteRawValue(tool.ParametersSchema);
                    // The CLI runs only such tools in parallel. The host runs calls in order where that is necessary.
                    writer.WriteStartObject("annotations");
                    writer.WriteBoolean("readOnlyHint", true);
                    writer.WriteEndObject();
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        );

    public static byte[] Result(string requestId, string id, string text, bool isError) =>
        Answer(
            requestId,
            id,
            writer =>
            {
                writer.WriteStartObject("result");
                writer.WriteStartArray("content");
                writer.WriteObject(("type", "text"), ("text", text));
                writer.WriteEndArray();
                writer.WriteBoolean("isError", isError);
                writer.WriteEndObject();
            }
        );

    /// <summary>The reply to <c>ping</c>, and to the request that contains a notification.</summary>
    public static byte[] Empty(string requestId, string? id) => Answer(requestId, id, writer => writer.WriteObject("result"));

    public static byte[] Unknown(string requestId, string id, string method) =>
        Answer(
            requestId,
            id,
            writer =>
            {
                writer.WriteStartObject("error");
                writer.WriteNumber("code", -32601);
                writer.WriteString("message", $"There is no method {method}.");
                writer.WriteEndObject();
            }
        );

    private static byte[] Answer(string requestId, string? id, Action<Utf8JsonWriter> fields) =>
        ClaudeCodeWire.Respond(
            requestId,
            writer =>
            {
                writer.WriteStartObject("mcp_response");
                writer.WriteString("jsonrpc", "2.0");
                if (id is not null)
                {
                    writer.WritePropertyName("id");
                    writer.WriteRawValue(id);
                }

                fields(writer);
                writer.WriteEndObject();
            }
        );
}
