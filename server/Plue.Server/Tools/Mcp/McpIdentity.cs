using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Mcp;

/// <summary>Everything that identifies a server. A change of any part requires approval again.</summary>
/// <param name="Program">The absolute path; null for a server with an address.</param>
/// <param name="Parts">The parts by display name; secret or long ones as SHA-256.</param>
internal sealed record McpIdentity(string? Program, IReadOnlyList<McpPart> Parts)
{
    public string Fingerprint { get; } = Hash(string.Join('\0', Parts.Select(part => $"{part.Name}\0{part.Value}")));

    /// <exception cref="Messages.FailureException">NotFound: there is no such program.</exception>
    public static McpIdentity Of(McpDeclaration server, McpExecutables programs, bool allowCached)
    {
        List<McpPart> parts = [new("declared in", server.Source)];
        if (server.Roots is { } roots)
        {
            parts.Add(new("receives the workspace folders", roots ? "yes" : "no"));
        }
        if (server.Sampling)
        {
            parts.Add(new("may ask for a model", "yes"));
        }
        if (server.Address is { } address)
        {
            parts.Add(new("address", address.OriginalString));
            parts.AddRange(Values("header", server.Headers));
            if (server.ClientId is { } client)
            {
                parts.Add(new("client id", client));
            }
            if (server.ClientSecret is { } secret)
            {
                parts.Add(new($"{McpPart.ValueOf}client secret", Hash(secret)));
            }
            parts.Add(new("scopes", string.Join(' ', server.Scopes)));
            return new McpIdentity(null, parts);
        }

        var program = programs.Find(server);
        parts.Add(new("command", server.Command!));
        parts.Add(new("program", program));
        parts.Add(new("program's real path", RealPath.Of(program)));
        parts.Add(new(McpPart.ContentOf + program, programs.HashOf(program, allowCached)));
        parts.Add(new("number of arguments", server.Arguments.Count.ToString(CultureInfo.InvariantCulture)));
        parts.AddRange(
            server.Arguments.Select(
                (argument, at) => new McpPart(string.Create(CultureInfo.InvariantCulture, $"argument {at + 1}"), argument)
            )
        );
        if (McpExecutables.ScriptPathOf(server) is { } script)
        {
            parts.Add(new(McpPart.ContentOf + script, programs.HashOf(script, allowCached)));
        }
        parts.Add(new("folder", server.Folder));
        parts.AddRange(Values("variable", server.Environment));
        return new McpIdentity(program, parts);
    }

    /// <summary>
    /// Gets the origin that a secret must be bound to. For a program, it identifies everything except the content, which is approved separately.
    /// </summary>
    public Uri OriginOf(McpDeclaration server)
    {
        var hash = Hash(string.Join('\0', ["mcp", server.Name, server.Source, Program ?? "", server.Folder, .. server.Arguments]));
        return server.Origin ?? new Uri($"exec://{hash[..32]}.{hash[32..]}");
    }

    /// <summary>Gets the differences to an earlier identity, as sentences.</summary>
    public IReadOnlyList<string> ChangesSince(IReadOnlyList<McpPart> before)
    {
        List<string> changes = [];
        foreach (var part in Parts)
        {
            var old = before.FirstOrDefault(other => other.Name == part.Name);
            if (old is null)
            {
                changes.Add(part.IsHash ? $"New: {Shown(part.Name)}." : $"New: {Shown(part.Name)}: {Shown(part.Value)}");
            }
            else if (old.Value != part.Value)
            {
                changes.Add(
                    part.IsHash
                        ? $"Changed: {Shown(part.Name)}."
                        : $"Changed: {Shown(part.Name)}: was {Shown(old.Value)}, is now {Shown(part.Value)}"
                );
            }
        }

        changes.AddRange(before.Where(old => Parts.All(part => part.Name != old.Name)).Select(old => $"Gone: {Shown(old.Name)}."));
        return changes;
    }

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static IEnumerable<McpPart> Values(string kind, IReadOnlyDictionary<string, string> values) =>
        values
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => new McpPart($"{McpPart.ValueOf}{kind} {pair.Key}", Hash(pair.Value)));

    private static string Shown(string text) => HiddenCharacters.Visible(text);
}

internal sealed record McpPart(string Name, string Value)
{
    public const string ContentOf = "content of ";
    public const string ValueOf = "value of the ";

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsHash => Name.StartsWith(ContentOf, StringComparison.Ordinal) || Name.StartsWith(ValueOf, StringComparison.Ordinal);
}
