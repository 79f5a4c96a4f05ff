using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Gemini;

/// <summary>The differences between the hosts of Gemini models.</summary>
/// <param name="SendsCallIds">False for Vertex, which rejects function calls with ids.</param>
internal sealed record GeminiOptions(bool SendsCallIds = true);

/// <summary>Writes the request body of <c>streamGenerateContent</c>, including the signatures of earlier responses.</summary>
internal static partial class GeminiWire
{
    /// <summary>Google's placeholder for the signature of a call that another model made.</summary>
    private const string ForeignSignature = "skip_thought_signature_validator";
    private const string CallMark = "call:";
    private const string TextMark = "text:";
    private const int MaxOutputTokens = 65_536;

    /// <summary>Returns the end of the address: <c>models/gemini-3-pro:streamGenerateContent?alt=sse</c>.</summary>
    public static string CallOf(string model) =>
        $"{string.Join('/', (model.Contains('/') ? model : "models/" + model).Split('/').Select(Uri.EscapeDataString))}:streamGenerateContent?alt=sse";

    /// <summary>Returns the stored form of a function call's signature; it precedes the call.</summary>
    public static string OnCall(string signature) => CallMark + signature;

    /// <summary>Returns the stored form of a text's signature; it follows the text, whose last <paramref name="length"/> characters are signed.</summary>
    public static string OnText(string signature, int length) => $"{TextMark}{length}:{signature}";

    public static byte[] Request(
        ProviderRequest request,
        ProviderSettings settings,
        GeminiOptions options,
        RefusableOptions without,
        out RefusableOptions sent
    )
    {
        var taken = new RequestOptions(request, settings, without);
        var body = JsonBody.Write(json =>
        {
            WriteSystem(json, request);
            WriteContents(json, request, settings, options);
            WriteTools(json, request);
            WriteConfig(json, request.Model, taken);
        });
        sent = taken.Sent;
        return body;
    }

    private static void WriteSystem(Utf8JsonWriter json, ProviderRequest request)
    {
        var texts = RequestMessages.SystemTexts(request);
        if (texts.Count == 0)
        {
            return;
        }
        json.WriteStartObject("systemInstruction");
        json.WriteStartArray("parts");
        foreach (var text in texts)
        {
            WriteText(json, new Piece(text));
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Combines consecutive messages with the same role.</summary>
    private static void WriteContents(Utf8JsonWriter json, ProviderRequest request, ProviderSettings settings, GeminiOptions options)
    {
        var messages = RequestMessages.Of(request, settings);
        var uses = messages.SelectMany(message => message.Parts).OfType<MessagePart.ToolUse>().ToList();
        var needsSignatures = GenerationOf(request.Model) >= 3;
        MessageRole? open = null;
        json.WriteStartArray("contents");
        foreach (var message in messages)
        {
            if (open != message.Role)
            {
                if (open is not null)
                {
                    EndContent(json);
                }
                json.WriteStartObject();
                json.WriteString("role", message.Role == MessageRole.Assistant ? "model" : "user");
                json.WriteStartArray("parts");
                open = message.Role;
            }

            if (message.Role == MessageRole.Assistant)
            {
                WriteAnswer(json, message, options, needsSignatures);
            }
            else
            {
                WriteQuestion(json, message, uses, options);
            }
        }

        if (open is not null)
        {
            EndContent(json);
        }
        json.WriteEndArray();
    }

    private static void EndContent(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes tool results in the order of their calls, then the user's text.</summary>
    private static void WriteQuestion(Utf8JsonWriter json, Message message, List<MessagePart.ToolUse> uses, GeminiOptions options)
    {
        var results = message
            .Parts.OfType<MessagePart.ToolResult>()
            .Select(result => (Result: result, At: uses.FindLastIndex(use => use.ToolUseId == result.ToolUseId)));
        foreach (var (result, at) in results.OrderBy(entry => entry.At))
        {
            json.WriteStartObject();
            json.WriteStartObject("functionResponse");
            if (options.SendsCallIds)
            {
                json.WriteString("id", result.ToolUseId);
            }
            json.WriteString("name", uses[at].ToolName);
            json.WriteObject("response", result.Error is { } error ? ("error", error) : ("output", result.Result ?? ""));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        foreach (var part in message.Parts)
        {
            if (part is MessagePart.File { IsImage: true, Data: { } data } image)
            {
                WriteImage(json, image.MediaType!, data);
            }
            else if (RequestMessages.Text(part) is { } text)
            {
                WriteText(json, new Piece(text));
            }
        }
    }

    private static void WriteImage(Utf8JsonWriter json, string mediaType, ReadOnlyMemory<byte> data)
    {
        json.WriteStartObject();
        json.WriteStartObject("inlineData");
        json.WriteString("mimeType", mediaType);
        json.WriteBase64String("data", data.Span);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, Message message, GeminiOptions options, bool needsSignatures)
    {
        var isFirstCall = true;
        foreach (var piece in PiecesOf(message))
        {
            if (piece.Call is not { } call)
            {
                WriteText(json, piece);
                continue;
            }

            json.WriteStartObject();
            json.WriteStartObject("functionCall");
            if (options.SendsCallIds)
            {
                json.WriteString("id", call.ToolUseId);
            }
            json.WriteString("name", call.ToolName);
            json.WriteRawObject("args", call.Parameters);
            json.WriteEndObject();
            // Only the first of parallel calls is signed.
            if ((piece.Signature ?? (isFirstCall && needsSignatures ? ForeignSignature : null)) is { } signature)
            {
                json.WriteString("thoughtSignature", signature);
            }
            json.WriteEndObject();
            isFirstCall = false;
        }
    }

    /// <summary>Restores the parts as the model sent them: signed text separate from unsigned text, with each signature in its place.</summary>
    private static List<Piece> PiecesOf(Message message)
    {
        var pieces = new List<Piece>();
        string? callSignature = null;
        foreach (var part in message.Parts)
        {
            switch (part)
            {
                case MessagePart.ToolUse use:
                    pieces.Add(new Piece(null, callSignature, Call: use));
                    callSignature = null;
                    break;
                case MessagePart.Reasoning reasoning:
                    if (reasoning.Signature is { } signature)
                    {
                        pieces.Add(new Piece(reasoning.Content, signature, IsThought: true));
                    }
                    if (reasoning.Opaque is not { } opaque)
                    {
                        break;
                    }
                    if (opaque.StartsWith(CallMark, StringComparison.Ordinal))
                    {
                        callSignature = opaque[CallMark.Length..];
                    }
                    else
                    {
                        SignText(pieces, opaque);
                    }
                    break;
                default:
                    if (RequestMessages.Text(part) is { } text)
                    {
                        pieces.Add(new Piece(text));
                    }
                    break;
            }
        }

        return pieces;
    }

    private static void SignText(List<Piece> pieces, string opaque)
    {
        if (!opaque.StartsWith(TextMark, StringComparison.Ordinal))
        {
            return;
        }
        var colon = opaque.IndexOf(':', TextMark.Length);
        if (colon < 0 || !int.TryParse(opaque.AsSpan(TextMark.Length, colon - TextMark.Length), out var length))
        {
            return;
        }
        var signature = opaque[(colon + 1)..];
        if (length > 0 && pieces is [.., { Text: { } text, Signature: null }] && length <= text.Length)
        {
            pieces.RemoveAt(pieces.Count - 1);
            if (length < text.Length)
            {
                pieces.Add(new Piece(text[..^length]));
            }
            pieces.Add(new Piece(text[^length..], signature));
        }
        else
        {
            pieces.Add(new Piece("", signature));
        }
    }

    private static void WriteText(Utf8JsonWriter json, Piece piece)
    {
        json.WriteStartObject();
        json.WriteString("text", piece.Text);
        if (piece.IsThought)
        {
            json.WriteBoolean("thought", true);
        }
        if (piece.Signature is not null)
        {
            json.WriteString("thoughtSignature", piece.Signature);
        }
        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, ProviderRequest request)
    {
        if (request.Tools.Count == 0)
        {
            return;
        }
        json.WriteStartArray("tools");
        json.WriteStartObject();
        json.WriteStartArray("functionDeclarations");
        foreach (var tool in request.Tools)
        {
            json.WriteStartObject();
            json.WriteFields(("name", tool.Name), ("description", tool.Description));
            GeminiSchema.WriteParameters(json, tool.ParametersSchema);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteConfig(Utf8JsonWriter json, string model, RequestOptions options)
    {
        var thinking = ThinkingOf(model, options.ReasoningLevel);
        var temperature = options.TakeTemperature();
        var stops = options.TakeStopSequences();
        if (thinking is null && options.MaxTokens is null && temperature is null && stops.Count == 0)
        {
            return;
        }

        json.WriteStartObject("generationConfig");
        // Thinking counts toward the limit, so its budget is added to the requested one.
        if (options.MaxTokens is { } most)
        {
            json.WriteNumber("maxOutputTokens", Math.Max(most, Math.Min(most + (thinking?.Budget ?? 0), MaxOutputTokens)));
        }
        if (temperature is { } heat)
        {
            json.WriteNumber("temperature", heat);
        }
        json.WriteStrings("stopSequences", stops);
        if (thinking is { } thought)
        {
            options.Sent |= RefusableOptions.ReasoningLevel;
            json.WriteStartObject("thinkingConfig");
            if (thought.Level is not null)
            {
                json.WriteString("thinkingLevel", thought.Level);
            }
            else
            {
                json.WriteNumber("thinkingBudget", thought.Budget);
            }
            if (!thought.IsOff)
            {
                json.WriteBoolean("includeThoughts", true);
            }
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>Gemini 3 and later accept a level, 2.5 a budget, and older models neither. Thinking cannot be turned off for Pro models and Gemini 3.</summary>
    private static Thinking? ThinkingOf(string model, string? level)
    {
        if (level is null || GenerationOf(model) is not { } generation || generation < 2.5)
        {
            return null;
        }
        var isOff = RequestOptions.IsOff(level);
        if (generation >= 3)
        {
            return new Thinking(
                isOff ? "minimal"
                    : level is "xhigh" or "max" ? "high"
                    : level,
                0,
                isOff
            );
        }

        var isPro = model.Contains("pro", StringComparison.OrdinalIgnoreCase);
        return new Thinking(
            null,
            level switch
            {
                _ when isOff => isPro ? 128 : 0,
                "minimal" => 512,
                "low" => 2048,
                "medium" => 8192,
                "high" => 24_576,
                _ => isPro ? 32_768 : 24_576,
            },
            isOff
        );
    }

    /// <summary>Returns 2.5 for <c>gemini-2.5-flash</c>; a name without a number means the newest generation. Null for other models.</summary>
    private static double? GenerationOf(string model)
    {
        var version = Version().Match(model);
        if (!version.Success)
        {
            return model.Contains("gemini-", StringComparison.OrdinalIgnoreCase) ? 3 : null;
        }
        return double.Parse(version.Groups["version"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"gemini-(?<version>\d{1,2}(\.\d)?)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Version();

    /// <param name="Text">Null for a call.</param>
    private readonly record struct Piece(string? Text, string? Signature = null, bool IsThought = false, MessagePart.ToolUse? Call = null);

    /// <param name="Level">Null for a model that accepts a budget.</param>
    private readonly record struct Thinking(string? Level, int Budget, bool IsOff);
}
