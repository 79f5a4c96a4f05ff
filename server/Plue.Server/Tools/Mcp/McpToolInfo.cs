using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Mcp;

/// <summary>A tool as described by its server, sanitized for display: truncated and with hidden characters visible.</summary>
/// <param name="Name">The server's name of the tool.</param>
/// <param name="Sha256">The SHA-256 of name, title, description and parameters, before truncation.</param>
/// <param name="Definition">Everything except the name, line by line, for the user's review.</param>
internal sealed record McpToolInfo(string Server, string Name, string Description, string Schema, string Sha256, string Definition)
{
    public const int MaxTools = 300;
    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private const int MaxToolNameLength = 128;
    private const int MaxDescriptionLength = 2000;
    private const int MaxSchemaLength = 24_000;
    private const int MaxSchemaDepth = 48;
    private const int MaxDeclaredNameLength = 64;

    /// <summary>Gets the name in templates and rules.</summary>
    public string FullName => FullNameOf(Server, Name);

    public ToolDeclaration Declaration => new(DeclaredName(Server, Name), Description, Schema);

    public long Tokens => ToolSearchTool.TokensOf(Declaration);

    public McpSeenTool Seen => new(Name, Description, Sha256, Definition, Tokens: Tokens);

    public static string FullNameOf(string server, string tool) => $"{server}{ToolNames.ServerSeparator}{HiddenCharacters.Visible(tool)}";

    /// <summary>
    /// Gets a name that every vendor accepts. It depends only on these two names, not on other servers. Server names contain no double underscore, so the first
    /// one ends the server's name: servers cannot use names of other servers, nor of built-in tools, which have none.
    /// </summary>
    public static string DeclaredName(string server, string tool)
    {
        var clean = new StringBuilder(tool.Length);
        foreach (var character in tool)
        {
            clean.Append(char.IsAsciiLetterOrDigit(character) || character is '_' or '-' ? character : '_');
        }

        var name = $"{server}__{clean}";
        if (clean.ToString() == tool && name.Length <= MaxDeclaredNameLength)
        {
            return name;
        }

        var end = "_" + McpIdentity.Hash(tool)[..10];
        return $"{(name.Length > MaxDeclaredNameLength - end.Length ? name[..(MaxDeclaredNameLength - end.Length)] : name)}{end}";
    }

    /// <summary>Reads one page of a list. Invalid tools are skipped and reported.</summary>
    public static IEnumerable<McpToolInfo> Read(string server, JsonNode? page, List<string> notes)
    {
        if (page is not JsonObject || page["tools"] is not JsonArray tools)
        {
            notes.Add($"The server {server} returned no list of tools.");
            yield break;
        }

        foreach (var tool in tools)
        {
            if (tool is not JsonObject described || Text(described["name"]) is not { Length: > 0 and <= MaxToolNameLength } name)
            {
                notes.Add($"A tool of the server {server} is skipped because its name is invalid.");
                continue;
            }

            var shown = HiddenCharacters.Visible(name);
            if (name == McpSampling.Tool)
            {
                notes.Add($"The tool {shown} of the server {server} is skipped because rules use its name for something else.");
                continue;
            }
            if (described["inputSchema"] is not JsonObject schema || (schema["type"] is { } type && Text(type) != "object"))
            {
                notes.Add($"The tool {shown} of the server {server} is skipped because its parameter schema is not an object.");
                continue;
            }

            var sha256 = McpIdentity.Hash(
                $"{name}\0{described["title"]?.ToJsonString()}\0{described["description"]?.ToJsonString()}\0{schema.ToJsonString()}"
            );
            var plain = (JsonObject)schema.DeepClone();
            plain["type"] = "object";
            if (!Clean(plain, 0) || plain.ToJsonString() is not { Length: <= MaxSchemaLength } text)
            {
                notes.Add($"The tool {shown} of the server {server} is skipped because its parameter schema is too long.");
                continue;
            }

            yield return new McpToolInfo(
                server,
                name,
                Described(Text(described["description"]) ?? Text(described["title"]) ?? ""),
                text,
                sha256,
                DefinitionOf(described, plain)
            );
        }
    }

    /// <summary>Gets text from a server, truncated and with hidden characters visible.</summary>
    public static string Described(string text) =>
        HiddenCharacters.Visible(
            text.Length <= MaxDescriptionLength
                ? text
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{text[..MaxDescriptionLength]} [{text.Length - MaxDescriptionLength} characters omitted]"
                )
        );

    private static string DefinitionOf(JsonObject described, JsonObject parameters)
    {
        var definition = new StringBuilder();
        Append("Title", Described(Text(described["title"]) ?? ""));
        Append("Description", Described(Text(described["description"]) ?? ""));
        Append("Annotations", Json(described["annotations"]));
        Append("Parameters", Json(parameters));
        Append("Result", Json(described["outputSchema"]));
        return definition.ToString();

        // Each line of a text is indented, so that it cannot imitate another part.
        void Append(string part, string text)
        {
            if (text.Length > 0)
            {
                definition
                    .Append(part)
                    .Append(":\n  ")
                    .Append(text.Replace("\r", "⟨U+000D⟩", StringComparison.Ordinal).Replace("\n", "\n  ", StringComparison.Ordinal))
                    .Append('\n');
            }
        }
    }

    private static string Json(JsonNode? node)
    {
        if (node is null)
        {
            return "";
        }

        var clean = node.DeepClone();
        var isClean = Clean(clean, 0);
        var text = (isClean ? clean : node).ToJsonString();
        if (!isClean || text.Length > MaxSchemaLength)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{text.Length} characters with the SHA-256 {McpIdentity.Hash(text)}");
        }

        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, Indented))
        {
            clean.WriteTo(writer);
        }
        return HiddenCharacters.Visible(Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private static string? Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    /// <returns>False if the schema is nested too deeply.</returns>
    private static bool Clean(JsonNode node, int depth)
    {
        if (depth > MaxSchemaDepth)
        {
            return false;
        }

        switch (node)
        {
            case JsonObject members:
                foreach (var (name, value) in members.ToList())
                {
                    if (name is "description" or "title" or "$comment" && Text(value) is { } text)
                    {
                        members[name] = Described(text);
                    }
                    else if (value is not null && !Clean(value, depth + 1))
                    {
                        return false;
                    }
                }

                return true;
            case JsonArray items:
                return items.All(item => item is null || Clean(item, depth + 1));
            default:
                return true;
        }
    }
}

/// <summary>The current tools of a server.</summary>
/// <param name="Notes">The tools that cannot be used, one sentence each.</param>
internal sealed record McpToolList(IReadOnlyList<McpToolInfo> Tools, IReadOnlyList<string> Notes)
{
    public IReadOnlyList<McpSeenTool> Seen => [.. Tools.Select(tool => tool.Seen)];
}
