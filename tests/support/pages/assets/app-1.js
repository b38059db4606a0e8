document.body.append("Yard");
