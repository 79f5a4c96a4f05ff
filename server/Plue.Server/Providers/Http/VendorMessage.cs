using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Http;

/// <summary>The content of an error body. <paramref name="Code"/> combines the type, the code and the reasons in the details, for matching only.</summary>
internal readonly record struct VendorMessage(string Code, string Text)
{
    /// <summary>The HTTP status of an error inside a stream; null if it is unknown.</summary>
    public int? Status { get; init; }

    /// <summary>The time to wait, if it is in the body instead of a header.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True for a daily limit, for which a short wait does not help.</summary>
    public bool IsPerDay { get; init; }

    /// <summary>
    /// Parses <c>{"error":{"type","code","message"}}</c>, <c>{"error":"text"}</c>, <c>{"message"}</c> and <c>{"detail"}</c>; other bodies are quoted unchanged,
    /// except web pages.
    /// </summary>
    public static VendorMessage Read(ReadOnlyMemory<byte> body)
    {
        if (LooksLikeHtml(body.Span))
        {
            return new VendorMessage("", "");
        }
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0)
            {
                root = root[0];
            }
            return Of(root);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new VendorMessage("", Encoding.UTF8.GetString(body.Span));
        }
    }

    public static bool LooksLikeHtml(ReadOnlySpan<byte> body)
    {
        body = body.Trim(" \t\r\n"u8);
        return body.Length > 0 && body[0] == '<';
    }

    /// <summary>Returns one line of about 300 characters, without control characters and with hidden ones made visible.</summary>
    public static string Clean(string text)
    {
        const int Most = 300;
        var clean = new StringBuilder(Math.Min(text.Length, Most));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length >= Most)
            {
                clean.Append('…');
                break;
            }

            if (!Rune.IsControl(rune) && rune.Value is not (0x2028 or 0x2029))
            {
                clean.Append(rune.ToString());
            }
            else if (clean.Length > 0 && clean[^1] != ' ')
            {
                clean.Append(' ');
            }
        }

        return HiddenCharacters.VisibleLine(clean.ToString().Trim());
    }

    private static VendorMessage Of(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return new VendorMessage("", root.GetRawText());
        }
        var error = root.TryGetProperty("error", out var inner) ? inner : root;
        if (error.ValueKind == JsonValueKind.String)
        {
            return new VendorMessage(Field(root, "type"), LoneSurrogates.TextOf(error)!);
        }
        if (error.ValueKind != JsonValueKind.Object)
        {
            error = root;
        }
        var details =
            error.TryGetProperty("details", out var more) && more.ValueKind == JsonValueKind.Object ? Field(more, "error_code") : "";
        var code = $"{Field(error, "type")} {Field(error, "code")} {Field(error, "status")} {details}";
        var text = Field(error, "message");
        if (text.Length == 0)
        {
            text = Field(error, "detail");
        }
        var message = new VendorMessage(code, text.Length > 0 ? text : error.GetRawText()) { Status = StatusOf(error) };
        return error.Items("details").Aggregate(message, WithDetail);
    }

    private static int? StatusOf(JsonElement error) =>
        int.TryParse(Field(error, "code"), out var status) && status is >= 400 and < 600 ? status : null;

    /// <summary>Adds the details of Google's errors, which are often more specific.</summary>
    private static VendorMessage WithDetail(VendorMessage message, JsonElement detail)
    {
        if (detail.Text("reason") is { } reason)
        {
            message = message with { Code = $"{message.Code} {reason}" };
        }
        if (
            detail.Text("retryDelay") is { Length: > 1 } delay
            && delay[^1] == 's'
            && double.TryParse(delay.AsSpan(0, delay.Length - 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0 and < 1e6
        )
        {
            message = message with { RetryAfter = TimeSpan.FromSeconds(seconds) };
        }

        return detail
            .Items("violations")
            .Any(violation => violation.Text("quotaId")?.Contains("PerDay", StringComparison.OrdinalIgnoreCase) == true)
            ? message with
            {
                IsPerDay = true,
            }
            : message;
    }

    private static string Field(JsonElement element, string name) =>
        !element.TryGetProperty(name, out var value) ? ""
        : value.ValueKind == JsonValueKind.String ? LoneSurrogates.TextOf(value)!
        : value.ValueKind == JsonValueKind.Null ? ""
        : value.GetRawText();
}
