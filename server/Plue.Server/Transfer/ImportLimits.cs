using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>How much of a stranger's file is believed.</summary>
internal static class ImportLimits
{
    public const long MaxFileBytes = 512L * 1024 * 1024;
    public const int MaxMessages = 200_000;
    private const int MaxNameLength = 200;

    /// <exception cref="FailureException">BadRequest.</exception>
    public static void Check(int messages)
    {
        if (messages > MaxMessages)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                "The file has more than 200,000 messages, the maximum for one chat. Split it and import the parts."
            );
        }
    }

    /// <summary>A name of a model or a tool, in one line.</summary>
    public static string Name(string name)
    {
        var plain = new string([.. name.Where(letter => !char.IsControl(letter)).Take(MaxNameLength)]).Trim();
        return plain.Length == 0 ? "unnamed" : plain;
    }

    /// <returns>Null when it is no image that a chat can show.</returns>
    public static MessagePart.File? Image(string? base64, int number)
    {
        if (base64 is null || base64.Length > Blobs.MaxBytes)
        {
            return null;
        }

        try
        {
            var content = Convert.FromBase64String(base64);
            return ImageType.Detect(content) is { } mediaType
                ? new MessagePart.File(string.Create(CultureInfo.InvariantCulture, $"image-{number}.{mediaType["image/".Length..]}"), null)
                {
                    MediaType = mediaType,
                    Size = content.Length,
                    Data = content,
                }
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
